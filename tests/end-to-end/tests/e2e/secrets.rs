//! What Secrets hold.

use k8s_openapi::api::core::v1::Secret;
use kube::Api;
use product::Customer;

use crate::world::{World, eventually};

/// The token in the customer's Secret, as soon as it is another one than before.
pub(crate) async fn renewed_token(world: &World, customer: &Customer) -> String {
    let secrets: Api<Secret> = Api::namespaced(world.client.clone(), &customer.namespace);
    let token = async || {
        let data = secrets.get_opt(&customer.secret_name).await.unwrap().and_then(|secret| secret.data)?;
        String::from_utf8(data.get("token")?.0.clone()).ok().filter(|token| *token != customer.token)
    };
    eventually("the Secret holds a new token", async || token().await.is_some()).await;
    token().await.unwrap()
}
