//! Rows as Portainer shows them: mixed casing, nulls for what was never set.

use serde_json::{Value, json};

use super::{
    Generation,
    state::{EnvironmentRow, KeyRow, StackRow, UserRow},
};

pub(super) fn user(row: &UserRow) -> Value {
    json!({
        "Id": row.id,
        "Username": row.name,
        "Role": if row.administrator { 1 } else { 2 },
        "TokenIssueAt": 0,
        "ThemeSettings": { "color": "" },
        "UseCache": false,
        "PortainerAuthorizations": null,
        "EndpointAuthorizations": null,
    })
}

pub(super) fn key(row: &KeyRow) -> Value {
    json!({
        "id": row.id,
        "userId": row.user,
        "description": row.description,
        "prefix": row.raw.chars().take(7).collect::<String>(),
        "dateCreated": row.created,
        "lastUsed": row.last_used,
    })
}

pub(super) fn environment(row: &EnvironmentRow, with_snapshot: bool) -> Value {
    let snapshots: Vec<&Value> = row.snapshot.iter().filter(|_| with_snapshot).collect();
    json!({
        "Id": row.id,
        "Name": row.name,
        "Type": row.kind,
        "ContainerEngine": "docker",
        "URL": row.url,
        "GroupId": row.group,
        "PublicURL": row.public_url,
        "Gpus": [],
        "TLSConfig": { "TLS": true, "TLSSkipVerify": true },
        "AzureCredentials": { "ApplicationID": "", "TenantID": "", "AuthenticationKey": "" },
        "TagIds": row.tags,
        "Status": row.status,
        "Snapshots": snapshots,
        "UserAccessPolicies": {},
        "TeamAccessPolicies": {},
        "EdgeID": "",
        "EdgeKey": "",
        "EdgeCheckinInterval": 0,
        "Kubernetes": { "Snapshots": null },
        "ComposeSyntaxMaxVersion": "3.9",
        "SecuritySettings": {
            "allowBindMountsForRegularUsers": true,
            "allowPrivilegedModeForRegularUsers": true,
            "allowVolumeBrowserForRegularUsers": false,
            "allowHostNamespaceForRegularUsers": true,
            "allowDeviceMappingForRegularUsers": true,
            "allowStackManagementForRegularUsers": true,
            "allowContainerCapabilitiesForRegularUsers": true,
            "allowSysctlSettingForRegularUsers": true,
            "enableHostManagementFeatures": false,
        },
        "LastCheckInDate": 0,
        "Heartbeat": false,
        "Agent": { "Version": if row.kind == 2 { "2.23.0" } else { "" } },
    })
}

pub(super) fn stack(row: &StackRow, generation: Generation) -> Value {
    let env = row
        .env
        .as_ref()
        .map(|env| env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect::<Vec<_>>());
    let auto_update = row.auto_update.as_ref().map(|update| {
        json!({
            "Interval": update.interval,
            "Webhook": update.webhook,
            "JobID": if update.interval.is_empty() { "" } else { "1" },
            "ForceUpdate": update.force_update,
            "ForcePullImage": update.force_pull,
        })
    });
    let git = row.git.as_ref().map(|git| {
        json!({
            "URL": git.url,
            "ReferenceName": git.reference,
            "ConfigFilePath": git.file,
            // The password is never shown.
            "Authentication": git.login.as_ref()
                .map(|(user, _)| json!({ "Username": user, "Password": "", "GitCredentialID": 0 })),
            "ConfigHash": git.commit,
            "TLSSkipVerify": git.tls_skip_verify,
        })
    });
    let mut shown = json!({
        "Id": row.id,
        "Name": row.name,
        "Type": row.kind,
        "EndpointId": row.environment,
        "SwarmId": row.swarm_id,
        "EntryPoint": row.entry_point,
        "Env": env,
        "ResourceControl": {
            "Id": row.id,
            "ResourceId": format!("{}_{}", row.environment, row.name),
            "SubResourceIds": [],
            "Type": 6,
            "UserAccesses": [],
            "TeamAccesses": [],
            "Public": false,
            "AdministratorsOnly": true,
            "System": false,
        },
        "Status": row.status,
        "ProjectPath": format!("/data/compose/{}", row.id),
        "CreationDate": row.created,
        "CreatedBy": row.created_by,
        "UpdateDate": row.updated,
        "UpdatedBy": row.updated_by,
        "AdditionalFiles": row.additional_files,
        "AutoUpdate": auto_update,
        "Option": row.prune.map(|prune| json!({ "Prune": prune })),
        "GitConfig": git,
        "FromAppTemplate": row.from_template,
        "Namespace": "",
    });
    if generation == Generation::Newer
        && let Some(shown) = shown.as_object_mut()
    {
        let steps = row.deployments.iter();
        let steps = steps.map(|(status, time, message)| json!({ "Status": status, "Time": time, "Message": message }));
        shown.insert("DeploymentStatus".to_owned(), steps.collect());
        shown.insert("GitSourceId".to_owned(), json!(0));
        shown.insert("WorkflowID".to_owned(), json!(0));
    }
    shown
}
