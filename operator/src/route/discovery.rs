//! Whether the cluster has HTTPRoutes: the Gateway API is an addition that anybody may install or remove.

use std::time::{Duration, Instant};

use gateway_api::httproutes::HttpRoute;
use kube::{Client, Resource as _};
use tokio::sync::Mutex;

use crate::error::Error;

/// How long an answer is believed: shorter than the time between two questions of the watch, which has everything looked
/// at that waits for HTTPRoutes.
const BELIEVED: Duration = Duration::from_secs(20);

/// What is known of the Gateway API. The API server's list of resources is asked, because a request for an object of an
/// unknown kind is answered like one for an object that is not there.
#[derive(Debug, Default)]
pub(crate) struct GatewayApi(Mutex<Option<(Instant, bool)>>);

impl GatewayApi {
    /// Whether the cluster has HTTPRoutes, as of a few seconds ago.
    pub(crate) async fn has_http_routes(&self, client: &Client) -> Result<bool, Error> {
        let mut known = self.0.lock().await;
        if let Some((_, answer)) = known.filter(|(asked, _)| asked.elapsed() < BELIEVED) {
            return Ok(answer);
        }
        let answer = ask(client).await?;
        *known = Some((Instant::now(), answer));
        Ok(answer)
    }
}

/// The list of groups first: it is there in any cluster, while a group that is not served is an error.
async fn ask(client: &Client) -> Result<bool, Error> {
    let api_version = HttpRoute::api_version(&());
    let groups = client.list_api_groups().await?.groups;
    if !groups.iter().flat_map(|group| &group.versions).any(|served| served.group_version == api_version) {
        return Ok(false);
    }
    let resources = client.list_api_group_resources(&api_version).await?.resources;
    Ok(resources.iter().any(|resource| resource.name == HttpRoute::plural(&())))
}
