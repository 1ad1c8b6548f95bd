//! Every server function, with the permission it asks for. The server registers exactly these, and a test walks them with every
//! role: a new function without a row here does not exist.

use leptos::server_fn::{ServerFn, axum::register_explicit};
use types::Permission::{self, Administrator, Deploy, Look, Member, Public, SignedIn};

use crate::pages::admin::deploy::{bind::api as bind, connect::api as connect, container::api as container};
use crate::pages::{
    account::api as account, admin::deploy::api as deploy, admin::deploy::assignments::api as assignments,
    admin::deploy::editor::api as editor, admin::deploy::history::api as history, admin::deploy::import::api as import,
    admin::people::api as people, chat::api as chat, join::api as join, sign_in::api as sign_in,
};

macro_rules! server_functions {
    ($($function:ty => $permission:expr,)*) => {
        /// Registers every server function. Once, before the first request.
        pub fn register_server_functions() {
            $(register_explicit::<$function>();)*
        }

        /// The path of every server function and the permission it asks for.
        #[must_use]
        pub fn server_function_table() -> &'static [(&'static str, Permission)] {
            &[$((<$function as ServerFn>::PATH, $permission),)*]
        }
    };
}

server_functions! {
    sign_in::SignIn => Public,
    sign_in::SignOut => Public,
    join::AcceptInvitation => Public,
    account::SetTheme => Public,
    account::ChangePassword => SignedIn,
    account::EndSession => SignedIn,
    account::EndOtherSessions => SignedIn,
    account::CreateToken => SignedIn,
    account::EndToken => SignedIn,
    people::Invite => Administrator,
    people::RevokeInvitation => Administrator,
    people::SetRole => Administrator,
    people::SetDisabled => Administrator,
    people::EndSessionsOf => Administrator,
    deploy::LookAgain => Look,
    deploy::ApplyPlan => Deploy,
    deploy::CancelApply => Deploy,
    deploy::ReleasePin => Deploy,
    assignments::SwitchStacks => Administrator,
    assignments::RenameStack => Administrator,
    assignments::CopyStack => Administrator,
    assignments::RemoveStack => Administrator,
    assignments::CompareRemote => Administrator,
    assignments::SyncCatalog => Administrator,
    history::RestoreCatalog => Administrator,
    import::ImportCatalog => Administrator,
    import::BringFile => Administrator,
    editor::BeginStack => Administrator,
    editor::KeepStackForm => Administrator,
    editor::KeepStackText => Administrator,
    editor::LookAtRepository => Administrator,
    editor::StoreStackSecret => Administrator,
    editor::DropTyped => Administrator,
    editor::SaveDraft => Administrator,
    editor::RebaseDraft => Administrator,
    editor::DiscardDraft => Administrator,
    editor::BringBackDraft => Administrator,
    connect::ProbePortainer => Administrator,
    connect::ConnectPortainer => Administrator,
    bind::TestEnvironment => Administrator,
    bind::BindEnvironment => Administrator,
    bind::UnbindEnvironment => Administrator,
    bind::PlaceGuest => Administrator,
    container::RestartContainer => Deploy,
    chat::SendMessage => Member,
    chat::EditMessage => Member,
    chat::Regenerate => Member,
    chat::CarryOn => Member,
    chat::Stop => Member,
    chat::Rename => Member,
    chat::Delete => Member,
    chat::Restore => Member,
    chat::SaveSettings => Member,
    chat::SelectBranch => Member,
    chat::MessageHtml => Member,
    chat::EarlierHtml => Member,
    chat::MessageText => Member,
    chat::Title => Member,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_is_under_api_and_unique() {
        let mut paths: Vec<_> = server_function_table().iter().map(|(path, _)| *path).collect();
        assert!(paths.iter().all(|path| path.starts_with("/api/") && !path[5..].contains('/')), "{paths:?}");
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), server_function_table().len());
    }
}
