//! How the program ends.

use std::process::ExitCode;

/// How the program ends, as its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0: done; for `plan` and `drift`: everything is in step.
    Done,
    /// 1: it failed, or the command line is wrong.
    Failed,
    /// 2: `plan` has changes, or `drift` found some, or something could not be looked at.
    Changes,
    /// 3: nothing was done, because something moved since the plan was made, another apply is in the way, or nobody confirmed.
    Refused,
    /// 130: left by a second Ctrl-C; the apply was not ended and is taken up again.
    Left,
}

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Changes => 2,
            Self::Refused => 3,
            Self::Left => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
