//! The last words of the demo: what to do next with what is running.

use control_plane::Stack;
use product::Customer;

/// Prints the Tenant URL, where the token is, and commands that work as they stand.
pub(crate) fn print(stack: &Stack, customer: &Customer) {
    let Customer { namespace, name, tenant_url, secret_name, .. } = customer;
    println!(
        "
── Yours to use
   Tenant URL    {tenant_url}
   Secret Token  in Secret {namespace}/{secret_name}, key `token`

   In a second terminal, from the top of the repository:
     . {state}/env
     kubectl get sct -A
     kubectl describe sct {name} -n {namespace}
     TOKEN=$(kubectl get secret {secret_name} -n {namespace} -o jsonpath='{{.data.token}}' | base64 -d)
     curl -H \"Authorization: Bearer $TOKEN\" '{tenant_url}/Users?filter=userName+co+%22anna%22'
     kubectl annotate sct {name} -n {namespace} scim-operator.io/revoke-tokens=now   # the token above stops working

   Another customer: examples/first-tenant.yaml with other names, then kubectl apply.
   Logs: {state}/logs",
        state = stack.state_directory().display(),
    );
}
