//! The counters of this crate, by name. Recorded through the `metrics` facade; `server` shows them under `/metrics`.

use metrics::{counter, describe_counter};

const SIGN_INS: &str = "thinkheads_sign_ins_total";
const PASSWORD_HASHES: &str = "thinkheads_password_hashes_total";
const JOBS: &str = "thinkheads_jobs_total";

/// Gives every counter of this crate its help text. Call once, after the recorder is installed.
pub fn describe() {
    describe_counter!(SIGN_INS, "Tries to sign in, by outcome: ok, wrong, limited (sent away to wait), error.");
    describe_counter!(PASSWORD_HASHES, "Argon2id computations, for checks and for new passwords.");
    describe_counter!(JOBS, "Runs of background jobs, by kind and outcome: done, retried, failed, lost.");
    crate::chat::describe();
}

pub(crate) fn sign_in(outcome: &'static str) {
    counter!(SIGN_INS, "outcome" => outcome).increment(1);
}

pub(crate) fn password_hash() {
    counter!(PASSWORD_HASHES).increment(1);
}

pub(crate) fn job(kind: &'static str, outcome: &'static str) {
    counter!(JOBS, "kind" => kind, "outcome" => outcome).increment(1);
}
