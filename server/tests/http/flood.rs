//! A flood of sign-ins, through HTTP, with passwords at their real cost.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use http::{Method, header};
use service::{PasswordSettings, Rate};
use testkit::{Person, TestApp};

const SIGN_INS: usize = 200;
/// Networks they come from: more than enough that no limit on one of them is what holds the flood back.
const NETWORKS: usize = 40;

/// How long a page takes, several times over; sorted.
async fn page_times(person: &Person, mut go_on: impl FnMut(usize) -> bool) -> Vec<Duration> {
    let mut times = Vec::new();
    while go_on(times.len()) {
        let began = Instant::now();
        assert_eq!(person.get("/account").await.status, 200);
        times.push(began.elapsed());
    }
    times.sort_unstable();
    times
}

fn median(times: &[Duration]) -> Duration {
    times[times.len() / 2]
}

/// Memory this process holds, in MiB. The other tests of this program are in it too.
fn resident_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}

async fn wrong_password(app: &TestApp, n: usize) -> (u16, String) {
    let stranger = app.anonymous();
    let fields = [("email", format!("somebody{n}@example.org")), ("password", "a wrong guess".into())];
    let request = stranger
        .request(Method::POST, "/api/sign_in")
        .header("sec-fetch-site", "same-origin")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header("x-forwarded-for", format!("198.51.100.{}", n % NETWORKS))
        .body(serde_urlencoded::to_string(fields).unwrap());
    let reply = stranger.send(request).await;
    (reply.status.as_u16(), reply.header("retry-after").to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_sign_ins_leave_room_for_pages_and_memory() {
    let real = PasswordSettings::default();
    let plenty = Rate { burst: std::num::NonZeroU32::MAX, every: Duration::from_millis(1) };
    let app = TestApp::builder()
        .set("THINKHEADS_TRUSTED_PROXIES", "127.0.0.1")
        .service(move |settings| {
            settings.passwords = real;
            settings.limits.network = plenty;
        })
        .start()
        .await;
    let member = app.member().await;
    let quiet = median(&page_times(&member, |so_far| so_far < 30).await);
    let before = resident_mib();

    let app = Arc::new(app);
    let over = Arc::new(AtomicBool::new(false));
    let reading = tokio::spawn({
        let (member, over) = (member.clone(), Arc::clone(&over));
        async move {
            let mut peak = 0;
            let times = page_times(&member, |_| {
                peak = peak.max(resident_mib());
                !over.load(Ordering::SeqCst)
            })
            .await;
            (times, peak)
        }
    });
    let flood: Vec<_> = (0..SIGN_INS)
        .map(|n| {
            let app = Arc::clone(&app);
            tokio::spawn(async move { wrong_password(&app, n).await })
        })
        .collect();
    let mut refused = 0;
    for answer in flood {
        match answer.await.unwrap() {
            (422, _) => {}
            (429, retry_after) => {
                assert!(!retry_after.is_empty(), "told when to come again");
                refused += 1;
            }
            (status, _) => panic!("{status}"),
        }
    }
    over.store(true, Ordering::SeqCst);
    let (times, peak) = reading.await.unwrap();

    let computed = SIGN_INS - refused;
    assert!(computed >= real.permits + real.queue, "those at work and those in the queue are served: {computed}");
    let busy = median(&times);
    // The machine's other work is in both; the flood takes processors for as many passwords at once as there are permits.
    let bound = quiet * 20 + Duration::from_millis(100);
    assert!(busy <= bound, "a page took {busy:?} in the flood, {quiet:?} before it; {} pages", times.len());
    // Each at once would be 19 MiB times 200.
    let grown = peak.saturating_sub(before);
    assert!(grown < 800, "{grown} MiB more than before the flood");
}
