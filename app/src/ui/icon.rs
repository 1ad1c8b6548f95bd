//! The icons: one stroke of 1.75 on a grid of 24, drawn for ThinkHeads, in the colour of the text beside them.

use leptos::prelude::*;

macro_rules! icons {
    ($($(#[$doc:meta])* $name:ident => $path:literal,)*) => {
        /// An icon of the set.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum IconName {
            $($(#[$doc])* $name,)*
        }

        impl IconName {
            /// Every icon, for a page that shows the set.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The drawing, as SVG path data.
            #[must_use]
            pub const fn path(self) -> &'static str {
                match self { $(Self::$name => $path,)* }
            }
        }
    };
}

icons! {
    /// A person in a circle.
    Account => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 13a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM6.4 19c.8-2.4 3-3.7 5.6-3.7s4.8 1.3 5.6 3.7",
    /// A triangle with an exclamation mark.
    Alert => "M10.3 4.4 2.9 17.300A2 2 0 0 0 4.6 20.300h14.800a2 2 0 0 0 1.7-3L13.7 4.400a2 2 0 0 0-3.4 0zM12 9.500v4M12 16.900v.01",
    /// Down: to the end.
    ArrowDown => "M12 5v14M6 13l6 6 6-6",
    /// Back.
    ArrowLeft => "M19 12H5M11 6l-6 6 6 6",
    /// On.
    ArrowRight => "M5 12h14M13 6l6 6-6 6",
    /// Up.
    ArrowUp => "M12 19V5M6 11l6-6 6 6",
    /// A circle with a stroke through it: not possible.
    Ban => "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM6 6l12 12",
    /// Two arrows past each other: changes wait.
    Changes => "M4 8.500h13M13.5 5 17 8.500 13.5 12M20 15.500H7M10.5 12 7 15.500l3.5 3.500",
    /// A speech bubble in the shape of the mark.
    Chat => "M4 20v-8a8 8 0 1 1 8 8zM9 10.500h6M9 14h3.5",
    /// Done.
    Check => "M5 12.500l4.5 4.500L19 7.5",
    /// Open below.
    ChevronDown => "M7 10l5 5 5-5",
    /// The one before.
    ChevronLeft => "M14 7l-5 5 5 5",
    /// The one after.
    ChevronRight => "M10 7l5 5-5 5",
    /// A clock.
    Clock => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7v5l3.5 2",
    /// Close.
    Close => "M6.5 6.500l11 11M17.5 6.500l-11 11",
    /// Copy.
    Copy => "M10 8.500h8a1.5 1.5 0 0 1 1.5 1.500v8a1.5 1.5 0 0 1-1.5 1.500h-8A1.5 1.5 0 0 1 8.5 18v-8A1.5 1.5 0 0 1 10 8.500zM15.5 8.500V6A1.5 1.5 0 0 0 14 4.500H6A1.5 1.5 0 0 0 4.5 6v8A1.5 1.5 0 0 0 6 15.500h2.5",
    /// A screen on a stand.
    Device => "M4.5 4.500h15A1.5 1.5 0 0 1 21 6v9a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 15V6a1.5 1.5 0 0 1 1.5-1.500zM9 20h6M12 16.500V20",
    /// Download.
    Download => "M12 4v11M7 10.500l5 5 5-5M4.5 20h15",
    /// Two waves: adrift.
    Drift => "M3 9.500c2.2-2.6 4.3-2.6 6 0s3.8 2.6 6 0 4.300-2.600 6 0M3 15.500c2.2-2.6 4.3-2.6 6 0s3.8 2.6 6 0 4.300-2.600 6 0",
    /// A pencil.
    Edit => "M15.5 5.500l3 3M4.5 19.500l.8-4L16 4.800a1.7 1.7 0 0 1 2.4 0l.8.8a1.7 1.7 0 0 1 0 2.400L8.5 18.700z",
    /// Leads elsewhere.
    External => "M13.5 4.500h6v6M19.5 4.500l-9 9M17.5 14v4a1.5 1.5 0 0 1-1.5 1.500H6A1.5 1.5 0 0 1 4.5 18V8A1.5 1.5 0 0 1 6 6.500h4",
    /// A house.
    Home => "M4 10.8 12 4l8 6.800V18.500a1.5 1.5 0 0 1-1.5 1.500h-13A1.5 1.5 0 0 1 4 18.500zM9.5 20v-5.500h5V20",
    /// An i in a circle.
    Info => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 11.500V16M12 8v.01",
    /// A key.
    Key => "M8 19.500a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM11 12.6 19.5 4.500M16 7.800l2.7 2.7",
    /// Three sheets, one on the other: stacks.
    Layers => "M12 4 3.5 8.500 12 13l8.500-4.500zM3.5 12.500 12 17l8.500-4.500M3.5 16.500 12 21l8.500-4.500",
    /// A link of a chain.
    Link => "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.300l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.700l1-1",
    /// A padlock.
    Lock => "M6.5 10.500h11A1.5 1.5 0 0 1 19 12v7a1.5 1.5 0 0 1-1.5 1.500h-11A1.5 1.5 0 0 1 5 19v-7a1.5 1.5 0 0 1 1.5-1.500zM8 10.500V8a4 4 0 0 1 8 0v2.5",
    /// An envelope.
    Mail => "M4.5 5.500h15A1.5 1.5 0 0 1 21 7v10a1.5 1.5 0 0 1-1.5 1.500h-15A1.5 1.5 0 0 1 3 17V7a1.5 1.5 0 0 1 1.5-1.500zM3.5 7.500l8.5 6 8.5-6",
    /// Three lines.
    Menu => "M4 7h16M4 12h16M4 17h16",
    /// A model: a head with a thought.
    Model => "M4 20v-8a8 8 0 1 1 8 8zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
    /// The moon: dark.
    Moon => "M20 14.200A8 8 0 0 1 9.8 4 8 8 0 1 0 20 14.200z",
    /// Three dots.
    More => "M5.1 12a.4.4 0 1 0 .8 0 .4.4 0 1 0-.8 0zM11.6 12a.4.4 0 1 0 .8 0 .4.4 0 1 0-.8 0zM18.1 12a.4.4 0 1 0 .8 0 .4.4 0 1 0-.8 0z",
    /// Several people.
    People => "M9 11.500a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 19.500c.4-3.2 3-5 6.5-5s6.1 1.8 6.5 5M15.5 4.900a3.5 3.5 0 0 1 0 6.200M17.5 15c2.3.7 3.7 2.2 4 4.5",
    /// Go on.
    Play => "M7.5 5.500v13l10.5-6.500z",
    /// A pin: held in place.
    Pin => "M9 4h6M10 4v5.500l-2.5 3.500h9L14 9.500V4M12 13v7",
    /// New.
    Plus => "M12 5v14M5 12h14",
    /// A question mark in a circle: nobody knows.
    Question => "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM9.7 9.700a2.3 2.3 0 1 1 3.6 1.900c-.8.5-1.3 1-1.3 1.900M12 16.500v.01",
    /// Once more.
    Refresh => "M19.5 5v5h-5M19 10A7.5 7.5 0 1 0 19.5 13.5",
    /// A magnifying glass.
    Search => "M11 17.500a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM16 16l4 4",
    /// Send.
    Send => "M12 19V5.500M6 11l6-6 6 6",
    /// Two boxes of a rack: a machine.
    Server => "M5.500 4.500h13A1.5 1.5 0 0 1 20 6v4a1.5 1.5 0 0 1-1.500 1.500h-13A1.5 1.5 0 0 1 4 10V6a1.5 1.5 0 0 1 1.500-1.500zM5.500 12.500h13A1.5 1.5 0 0 1 20 14v4a1.5 1.5 0 0 1-1.500 1.500h-13A1.5 1.5 0 0 1 4 18v-4a1.5 1.5 0 0 1 1.500-1.500zM7.500 8v.01M7.500 16v.01",
    /// A shield.
    Shield => "M12 3.5 5 6v5.500c0 4.3 2.9 7.5 7 9 4.1-1.5 7-4.7 7-9V6z",
    /// Leave.
    SignOut => "M14 4.500H6.500A1.5 1.5 0 0 0 5 6v12a1.5 1.5 0 0 0 1.5 1.500H14M10 12h10M16.5 8.5 20 12l-3.5 3.5",
    /// Three sliders: settings.
    Sliders => "M4 7h8M17 7h3M4 17h3M12 17h8M14.5 9.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9.5 19.500a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z",
    /// A spark: an idea.
    Spark => "M12 4c.6 4.6 3.4 7.4 8 8-4.6.6-7.4 3.4-8 8-.6-4.6-3.4-7.4-8-8 4.6-.6 7.4-3.4 8-8z",
    /// Stop.
    Stop => "M8 6.500h8A1.5 1.5 0 0 1 17.5 8v8a1.5 1.5 0 0 1-1.5 1.500H8A1.5 1.5 0 0 1 6.5 16V8A1.5 1.5 0 0 1 8 6.500z",
    /// The sun: light.
    Sun => "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v1.500M12 19.500V21M3 12h1.500M19.5 12H21M5.6 5.600l1.1 1.100M17.3 17.300l1.1 1.100M5.6 18.400l1.1-1.100M17.3 6.700l1.1-1.1",
    /// Half light, half dark: as the system says.
    System => "M12 20.500a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17zM12 3.500v17M15.5 5.500v13M18.5 8.500v7",
    /// A bin.
    Trash => "M4.5 7h15M9.5 7V5.500A1.5 1.5 0 0 1 11 4h2a1.5 1.5 0 0 1 1.5 1.500V7M6.5 7l.8 11.600A1.5 1.5 0 0 0 8.8 20h6.400a1.5 1.5 0 0 0 1.5-1.400L17.5 7M10.5 11v5M13.5 11v5",
    /// Back to what it was.
    Undo => "M4.5 5v5h5M5 10a7.5 7.5 0 1 1-.5 3.5",
}

/// An icon. It is decoration: the words beside it, or the button's `aria-label`, say what it means.
#[component]
pub fn Icon(
    /// Which.
    name: IconName,
) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
            <path d=name.path()></path>
        </svg>
    }
}

/// The mark of ThinkHeads: a head that is also a speech bubble, with a thought in it.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 32 32" aria-hidden="true">
            <path class="mark-head" d="M3 26V16A13 13 0 1 1 16 29H6A3 3 0 0 1 3 26z"></path>
            <circle class="mark-thought" cx="19.75" cy="12.25" r="4.75"></circle>
        </svg>
    }
}
