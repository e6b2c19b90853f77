//! Asks a part over plain HTTP whether it is ready.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

const WITHIN: Duration = Duration::from_secs(1);

/// Whether `GET path` on a port of 127.0.0.1 is answered with 200.
pub(crate) async fn answers(port: u16, path: &str) -> bool {
    let answer = tokio::time::timeout(WITHIN, status_line(port, path)).await;
    answer.is_ok_and(|line| line.is_ok_and(|line| line.ends_with(" 200")))
}

/// `HTTP/1.1 200`.
async fn status_line(port: u16, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut start = [0; "HTTP/1.1 200".len()];
    stream.read_exact(&mut start).await?;
    Ok(String::from_utf8_lossy(&start).into_owned())
}
