//! The way from the proxy to the API server.

use std::time::Duration;

use axum::body::{Body, Bytes};
use futures::stream::{self, StreamExt as _};
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use http::{Response, request::Parts};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use tokio::sync::oneshot;

use super::hold::Dropped;

const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Where requests go.
#[derive(Clone, Debug)]
pub(super) struct Upstream {
    client: Client,
    /// Without a slash at its end.
    url: String,
}

impl Upstream {
    /// The API server at `url`, whose certificate one of these (DER) has signed.
    pub(super) fn new(url: &str, authorities: &[Vec<u8>]) -> Result<Self, reqwest::Error> {
        // The first one installed wins; ring is the only one in this workspace.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authorities: Result<Vec<_>, _> =
            authorities.iter().map(|authority| Certificate::from_der(authority)).collect();
        let client = Client::builder()
            .tls_certs_only(authorities?)
            .connect_timeout(CONNECT_WITHIN)
            .redirect(Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self { client, url: url.trim_end_matches('/').to_owned() })
    }

    /// Sends a request on, with its token as it came. The answer's body comes as it is sent, piece by piece.
    pub(super) async fn forward(
        &self,
        request: &Parts,
        body: Bytes,
    ) -> Result<Response<Body>, reqwest::Error> {
        let target = request.uri.path_and_query().map_or("/", |target| target.as_str());
        let mut headers = request.headers.clone();
        for of_this_connection in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
            headers.remove(of_this_connection);
        }
        let mut call =
            self.client.request(request.method.clone(), format!("{}{target}", self.url)).headers(headers);
        if !body.is_empty() {
            call = call.body(body);
        }
        let mut answer = Response::<reqwest::Body>::from(call.send().await?);
        for of_that_connection in [CONNECTION, TRANSFER_ENCODING] {
            answer.headers_mut().remove(of_that_connection);
        }
        Ok(answer.map(Body::new))
    }
}

/// The body, which breaks off as soon as `ended` is told so, as when a connection is lost.
pub(super) fn until(ended: oneshot::Receiver<()>, body: Body) -> Body {
    let pieces = stream::unfold(Some((body.into_data_stream(), ended)), async |state| {
        let (mut pieces, mut ended) = state?;
        tokio::select! {
            biased;
            _ = &mut ended => Some((Err(axum::Error::new(Dropped)), None)),
            piece = pieces.next() => Some((piece?, Some((pieces, ended)))),
        }
    });
    Body::from_stream(pieces)
}
