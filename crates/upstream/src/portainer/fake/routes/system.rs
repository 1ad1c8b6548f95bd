//! Status and version.

use axum::extract::State as Extract;
use serde_json::json;

use super::super::{
    answer::{Outcome, ok},
    gate::Cx,
};

pub(super) async fn status(Extract(cx): Extract<Cx>) -> Outcome {
    ok(json!({
        "Version": cx.shared.config.generation.version(),
        "InstanceID": "299ab403-70a8-4c05-92f7-bf7a994d50df",
    }))
}

pub(super) async fn version(Extract(cx): Extract<Cx>) -> Outcome {
    let version = cx.shared.config.generation.version();
    ok(json!({
        "UpdateAvailable": false,
        "LatestVersion": "",
        "ServerVersion": version,
        "ServerEdition": "CE",
        "DatabaseVersion": version,
        "Build": {
            "BuildNumber": "0", "ImageTag": version, "NodejsVersion": "18", "YarnVersion": "1", "WebpackVersion": "5",
            "GoVersion": "1.23", "GitCommit": "cc75167", "Env": [],
        },
    }))
}

pub(super) async fn info(Extract(cx): Extract<Cx>) -> Outcome {
    let agents = cx.shared.state().environments.iter().filter(|row| row.kind == 2).count();
    ok(json!({ "platform": "Docker", "edgeAgents": 0, "agents": agents }))
}
