//! The least a relay can do: what comes in on one connection goes out on another, unread. The yardstick of `relay`'s processor
//! time, run as a process of its own.

use tokio::{
    io,
    net::{TcpListener, TcpStream},
};

use crate::Failure;

/// Passes connections on to `upstream` (`http://host:port`) until the process is ended; prints its address first.
pub(crate) async fn serve(upstream: &str) -> Result<(), Failure> {
    let upstream = upstream.strip_prefix("http://").unwrap_or(upstream).to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (reader, _) = listener.accept().await?;
        let upstream = upstream.clone();
        tokio::spawn(async move {
            if let Err(error) = pass(reader, &upstream).await {
                eprintln!("bench: a connection was not passed on: {error}");
            }
        });
    }
}

async fn pass(mut reader: TcpStream, upstream: &str) -> io::Result<()> {
    let mut model = TcpStream::connect(upstream).await?;
    reader.set_nodelay(true)?;
    model.set_nodelay(true)?;
    io::copy_bidirectional(&mut reader, &mut model).await.map(drop)
}
