//! Five hundred stacks on four environments: what the list costs.

use std::time::{Duration, Instant};

use http::{Method, header};

use super::house::{House, catalog};

const STACKS: usize = 500;
const ENVIRONMENTS: [&str; 4] = ["rumpledev", "rumpletest", "rumpleprod", "rumple"];
/// What the list may weigh on its way, compressed.
const BYTES: usize = 100_000;
/// What the server may take for it from the newest look. The tests' build is not optimised.
const TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 1_500 } else { 60 });

#[tokio::test]
async fn five_hundred_stacks_are_listed_quickly_and_lightly() {
    let house = House::new(&["first"], &ENVIRONMENTS).await;
    let names: Vec<String> = (0..STACKS).map(|n| format!("stack-{n:03}")).collect();
    house.save(catalog(&names, &ENVIRONMENTS)).await;
    house.look().await;
    let request = || {
        let get = house.ada.request(Method::GET, "/admin/stacks");
        get.header(header::ACCEPT, "text/html").header(header::ACCEPT_ENCODING, "br")
    };
    let page = house.ada.get("/admin/stacks").await.text;
    assert_eq!(page.matches("scope=\"row\"").count(), STACKS);
    let mut best = Duration::MAX;
    let mut bytes = 0;
    for _ in 0..5 {
        let began = Instant::now();
        let response = request().send().await.unwrap();
        assert_eq!(response.headers()[header::CONTENT_ENCODING], "br");
        bytes = response.bytes().await.unwrap().len();
        best = best.min(began.elapsed());
    }
    println!("{STACKS} stacks on {} environments: {bytes} bytes, {best:?}", ENVIRONMENTS.len());
    assert!(bytes <= BYTES, "{bytes} bytes");
    assert!(best <= TIME, "{best:?}");
}
