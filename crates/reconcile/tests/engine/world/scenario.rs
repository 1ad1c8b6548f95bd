//! Worlds at random: what is wanted, and what is there instead.

use std::collections::BTreeMap;

use reconcile::model::*;

use super::{DEV, HOSTED, Row, State, World, git, secret, server::RowSource, service, stack, text_of};

/// The usual test generator (splitmix64): the same numbers for the same seed.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, n: u64) -> u64 {
        self.next() % n
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

/// A world whose live side differs from the desired one in random ways, each of which an apply can mend.
pub(crate) fn scenario(seed: u64) -> World {
    let mut rng = Rng::new(seed);
    let generation = if seed.is_multiple_of(2) { Generation::TakesDown } else { Generation::KeepsUp };
    let world = World::new(generation);
    world.store_secret("db", &format!("hunter2-{seed}"));
    world.store_secret("api", &format!("t0ken-{seed}"));
    for environment in [DEV, HOSTED] {
        let mut names: Vec<String> = Vec::new();
        for number in 0..=rng.below(4) {
            let name = format!("{environment}-s{number}");
            let wanted = random_stack(&world, &mut rng, &name, &names);
            world.wish(environment, wanted);
            names.push(name);
        }
    }
    let desired = world.lock().desired();
    for environment in &desired.environments {
        for wanted in &environment.stacks {
            let mut state = world.lock();
            live_side(&mut state, &mut rng, &environment.name, wanted);
        }
    }
    if rng.chance(30) {
        let mut state = world.lock();
        let text = text_of(&[service("app", "stranger:1")]);
        state.place(DEV, &stack("stranger", DesiredSource::Text { text }));
    }
    world
}

fn random_stack(world: &World, rng: &mut Rng, name: &str, earlier: &[String]) -> DesiredStack {
    let services: Vec<_> =
        (0..=rng.below(2)).map(|number| service(&format!("svc{number}"), &format!("{name}-img{number}:1"))).collect();
    let url = format!("https://git.example/{name}");
    world.push(&url, Some("main"), &format!("{name}-commit-1"), &services);
    let source =
        if rng.chance(70) { git(&url, Some("main")) } else { DesiredSource::Text { text: text_of(&services) } };
    let mut wanted = stack(name, source);
    for number in 0..rng.below(3) {
        let plain = DesiredValue::Plain(format!("value-{}", rng.below(1000)));
        wanted.variables.insert(format!("PLAIN_{number}"), plain);
    }
    if rng.chance(50) {
        wanted.variables.insert("DB_PASSWORD".to_owned(), secret("db"));
    }
    if rng.chance(30) {
        wanted.variables.insert("API_TOKEN".to_owned(), secret("api"));
    }
    wanted.former_names = vec![format!("old-{name}")];
    wanted.depends_on = earlier.iter().filter(|_| rng.chance(40)).cloned().collect();
    wanted
}

fn live_side(state: &mut State, rng: &mut Rng, environment: &str, wanted: &DesiredStack) {
    let variant = rng.below(13);
    if variant == 0 {
        return;
    }
    state.place(environment, wanted);
    let name = wanted.name.clone();
    let first = state.host(environment).containers.iter().position(|one| one.project == name).unwrap();
    let row = state.host(environment).rows.iter().position(|row| row.name == name).unwrap();
    match variant {
        2 | 3 => match &mut state.row_at(environment, row).source {
            RowSource::Git { commit, .. } => *commit = "older".to_owned(),
            RowSource::Text(text) => text.push('\n'),
        },
        4 => {
            state.row_at(environment, row).env.insert("PLAIN_0".to_owned(), "by hand".to_owned());
        }
        5 => state.host(environment).containers[first].stopped = true,
        6 => {
            state.row_at(environment, row).status = RowStatus::Inactive;
            state.host(environment).containers.retain(|one| one.project != name);
        }
        7 => {
            let row = state.row_at(environment, row);
            if matches!(row.source, RowSource::Git { .. }) {
                row.auto_update = Some(AutoUpdate { interval: Some("5m".to_owned()), webhook: false });
            }
        }
        8 => {
            state.host(environment).rows.remove(row);
        }
        9 => {
            state.row_at(environment, row).name = format!("old-{name}");
            for one in state.host(environment).containers.iter_mut().filter(|one| one.project == name) {
                one.project = format!("old-{name}");
            }
        }
        10 => match &mut state.row_at(environment, row).source {
            RowSource::Git { url, .. } => url.push_str("-moved"),
            source @ RowSource::Text(_) => {
                *source = RowSource::Git {
                    url: "https://git.example/other".to_owned(),
                    reference: String::new(),
                    commit: "x".to_owned(),
                    file: "docker-compose.yml".to_owned(),
                    more: Vec::new(),
                };
            }
        },
        11 => {
            let image = state.host(environment).containers[first].image.clone();
            state.registry.insert(image, "sha256:rebuilt".to_owned());
        }
        12 => {
            let row = state.row_at(environment, row);
            row.source = RowSource::Text("[]".to_owned());
            row.auto_update = None;
        }
        _ => {}
    }
}

impl State {
    pub(crate) fn row_at(&mut self, environment: &str, index: usize) -> &mut Row {
        &mut self.host(environment).rows[index]
    }

    pub(crate) fn row_of(&mut self, environment: &str, name: &str) -> &mut Row {
        self.host(environment).rows.iter_mut().find(|row| row.name == name).unwrap()
    }

    /// Deploys past the engine, an hour ago.
    pub(crate) fn place(&mut self, environment: &str, wanted: &DesiredStack) -> i64 {
        let id = self.next_row;
        self.next_row += 1;
        let row = Row {
            id,
            name: wanted.name.clone(),
            kind: StackKind::Compose,
            status: RowStatus::Active,
            source: self.source(wanted),
            env: if wanted.variables.is_empty() { BTreeMap::new() } else { self.values(wanted) },
            auto_update: None,
            protected: false,
        };
        self.up(environment, &row, false).unwrap();
        let before = self.now - 3_600_000;
        let host = self.host(environment);
        host.containers.iter_mut().filter(|one| one.project == row.name).for_each(|one| one.started = before);
        host.rows.push(row);
        id
    }
}
