//! What was done, by whom: writing the records' common parts, reading them, handing them out, and holding them against their chain.

use serde_json::{Value, json};
use store::{AuditEntry, AuditFilter, AuditVerdict};
use types::{AuditId, AuditRecord, User, UserId};

use crate::{Admin, Context, Origin, ServiceError, World};

/// Most records one call gives.
const MOST: u32 = 500;

/// The proof that somebody may read the whole audit: an administrator, or whoever stands at the machine's own command line.
#[derive(Clone, Copy, Debug)]
pub struct Auditor(());

impl Auditor {
    /// At the command line, where the database lies open anyway.
    #[must_use]
    pub const fn at_the_machine() -> Self {
        Self(())
    }
}

impl Admin<'_> {
    /// The proof that they may read the whole audit.
    #[must_use]
    pub const fn auditor(&self) -> Auditor {
        Auditor(())
    }
}

/// How records are handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditFormat {
    /// Comma-separated values (RFC 4180) with a line of names.
    Csv,
    /// One JSON object a line.
    JsonLines,
}

/// Hands records out page by page, oldest first; see [`Audit::export`].
pub struct AuditExport {
    context: Context,
    filter: AuditFilter,
    format: AuditFormat,
    after: Option<AuditId>,
    began: bool,
    is_over: bool,
}

/// Reads the audit.
pub struct Audit {
    context: Context,
}

impl Audit {
    pub(crate) fn new(context: Context) -> Self {
        Self { context }
    }

    /// The newest records, or those before `before`; at most `limit`, at most 500.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn recent(
        &self,
        admin: Admin<'_>,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, ServiceError> {
        self.search(admin.auditor(), &AuditFilter::default(), before, limit).await
    }

    /// The newest records that a filter lets through, or those before `before`; at most `limit`, at most 500.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn search(
        &self,
        _: Auditor,
        filter: &AuditFilter,
        before: Option<AuditId>,
        limit: u32,
    ) -> Result<Vec<AuditRecord>, ServiceError> {
        Ok(self.context.store.audit_where(filter, before, limit.clamp(1, MOST)).await?)
    }

    /// Hands out all records that a filter lets through, oldest first.
    #[must_use]
    pub fn export(&self, _: Auditor, filter: AuditFilter, format: AuditFormat) -> AuditExport {
        AuditExport { context: self.context.clone(), filter, format, after: None, began: false, is_over: false }
    }

    /// Looks at the whole audit: whether any record was altered, taken out or put in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verify(&self, _: Auditor) -> Result<AuditVerdict, ServiceError> {
        Ok(self.context.store.verify_audit().await?)
    }

    /// Whether the record that ended the chain at an earlier look still stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn has_digest(&self, _: Auditor, digest: &str) -> Result<bool, ServiceError> {
        Ok(self.context.store.has_audit_digest(digest).await?)
    }
}

impl AuditExport {
    /// The next piece of the text; none at the end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn next(&mut self) -> Result<Option<String>, ServiceError> {
        if self.is_over {
            return Ok(None);
        }
        let records = self.context.store.audit_from(&self.filter, self.after, MOST).await?;
        self.is_over = records.len() < MOST as usize;
        self.after = records.last().map(|record| record.id).or(self.after);
        let text = match self.format {
            AuditFormat::JsonLines => records.iter().map(json_line).collect(),
            AuditFormat::Csv => csv(&records, !self.began)?,
        };
        self.began = true;
        Ok(Some(text))
    }
}

fn json_line(record: &AuditRecord) -> String {
    // What cannot be read as JSON is handed out as the text it is.
    let detail: Value = serde_json::from_str(&record.detail).unwrap_or_else(|_| Value::from(record.detail.as_str()));
    let line = json!({
        "id": record.id,
        "at": record.at,
        "time": time(record.at),
        "actor": record.actor,
        "actor_label": record.actor_label,
        "action": record.action,
        "subject": record.subject,
        "detail": detail,
        "network": record.network,
        "trace_id": record.trace_id,
    });
    format!("{line}\n")
}

fn csv(records: &[AuditRecord], with_names: bool) -> Result<String, ServiceError> {
    let failed = |error: ::csv::Error| ServiceError::defect("writing CSV", error);
    let mut writer = ::csv::WriterBuilder::new().terminator(::csv::Terminator::CRLF).from_writer(Vec::new());
    if with_names {
        let names = ["id", "time", "actor", "actor_label", "action", "subject", "detail", "network", "trace_id"];
        writer.write_record(names).map_err(failed)?;
    }
    for record in records {
        let actor = record.actor.map(|actor| actor.to_string()).unwrap_or_default();
        let fields = [
            record.id.to_string(),
            time(record.at),
            actor,
            inert(&record.actor_label),
            inert(&record.action),
            inert(&record.subject),
            inert(&record.detail),
            inert(&record.network),
            inert(&record.trace_id),
        ];
        writer.write_record(&fields).map_err(failed)?;
    }
    let bytes = writer.into_inner().map_err(|error| ServiceError::defect("writing CSV", error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| ServiceError::defect("writing CSV", error))
}

/// A field that no table calculation takes for a formula (OWASP, CSV Injection): names and addresses come from strangers.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn time(at: types::Millis) -> String {
    jiff::Timestamp::from_millisecond(at).map_or_else(|_| at.to_string(), |at| at.to_string())
}

/// Who did it.
#[derive(Clone, Copy)]
pub(crate) enum Actor<'a> {
    /// A person.
    Person(&'a User),
    /// Nobody known, e.g. a failed sign-in.
    Nobody,
    /// Whoever starts the server or stands at its command line.
    Operator(&'a str),
}

/// Starts a record. `origin` is absent for what did not come by a request.
pub(crate) fn entry(
    world: &World,
    actor: Actor<'_>,
    origin: Option<&Origin>,
    action: &'static str,
    subject: String,
    detail: &Value,
) -> AuditEntry {
    let (actor, actor_label) = match actor {
        Actor::Person(user) => (Some(user.id), format!("{} <{}>", user.name, user.email)),
        Actor::Nobody => (None, "nobody".into()),
        Actor::Operator(label) => (None, label.into()),
    };
    AuditEntry {
        id: world.id(),
        at: world.now(),
        actor,
        actor_label,
        action: action.into(),
        subject,
        detail: detail.to_string(),
        network: origin.map(|origin| origin.network.to_string()).unwrap_or_default(),
        trace_id: origin.map(|origin| origin.trace_id.clone()).unwrap_or_default(),
    }
}

/// A person as a record's subject.
pub(crate) fn user(id: UserId) -> String {
    format!("user:{id}")
}

#[cfg(test)]
mod tests {
    use types::{AuditId, AuditRecord};

    use super::{csv, json_line};

    fn record(label: &str, detail: &str) -> AuditRecord {
        AuditRecord {
            id: AuditId::from_parts(1_790_000_000_000, [7; 10]),
            at: 1_790_000_000_000,
            actor: None,
            actor_label: label.into(),
            action: "session.refused".into(),
            subject: "user:1".into(),
            detail: detail.into(),
            network: "::1".into(),
            trace_id: "t".into(),
        }
    }

    #[test]
    fn records_are_handed_out_as_lines_that_programs_read() {
        let line = json_line(&record("Ada \"A\" <a@b>", "{\"n\":1}"));
        let read: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!((read["detail"]["n"].as_i64(), read["time"].as_str()), (Some(1), Some("2026-09-21T14:13:20Z")));
        assert_eq!(line.matches('\n').count(), 1);
    }

    #[test]
    fn a_name_is_no_formula_and_quotes_and_commas_stay_inside() {
        let text = csv(&[record("=HYPERLINK(\"x\")", "{\"a\":\"b,c\"}")], true).unwrap();
        let mut reader = ::csv::Reader::from_reader(text.as_bytes());
        let row = reader.records().next().unwrap().unwrap();
        assert_eq!((&row[3], &row[6]), ("'=HYPERLINK(\"x\")", "{\"a\":\"b,c\"}"));
    }
}
