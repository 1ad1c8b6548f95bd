//! Sample data for the demo: the four hosts of the house.

use std::time::Duration;

use super::{After, Behaviour, FakePortainer, HostScript};

/// Adds `rumpledev`, `rumpletest`, `rumpleprod` and `rumple`, up and empty. On `rumpledev` a service named `flaky` crashes and one named
/// `slow` takes a while to become healthy, so that failures can be looked at.
pub fn populate(fake: &FakePortainer) {
    let slow = Behaviour::Healthy(After::Elapsed(Duration::from_secs(20)));
    let dev = HostScript::default().behaves("flaky", Behaviour::CrashLoops(1)).behaves("slow", slow);
    fake.add_environment("rumpledev", dev);
    for name in ["rumpletest", "rumpleprod", "rumple"] {
        fake.add_environment(name, HostScript::default());
    }
}
