//! Labelled fields with a hint and a complaint.

use leptos::prelude::*;
use types::Problem;

use super::{Icon, IconName};

/// What a [`Field`] takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FieldKind {
    /// A line of text.
    #[default]
    Text,
    /// An e-mail address.
    Email,
    /// The password of now.
    Password,
    /// A password to be.
    NewPassword,
    /// Words to look for.
    Search,
    /// A number.
    Number,
    /// An address of the web.
    Url,
}

impl FieldKind {
    const fn input_type(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Email => "email",
            Self::Password | Self::NewPassword => "password",
            Self::Search => "search",
            Self::Number => "number",
            Self::Url => "url",
        }
    }

    const fn autocomplete(self) -> Option<&'static str> {
        match self {
            Self::Email => Some("username"),
            Self::Password => Some("current-password"),
            Self::NewPassword => Some("new-password"),
            Self::Text | Self::Search | Self::Number | Self::Url => None,
        }
    }
}

/// The ids and texts around a control: its hint, its complaint and how they are announced.
struct Surround {
    id: String,
    hint: Option<String>,
    error: Option<String>,
}

impl Surround {
    fn new(id: Option<String>, name: &str, hint: Option<String>, problem: Option<&Problem>) -> Self {
        let error = problem.and_then(|problem| problem.for_field(name)).map(ToOwned::to_owned);
        Self { id: id.unwrap_or_else(|| name.to_owned()), hint, error }
    }

    fn described_by(&self) -> Option<String> {
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.id));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.id));
        match (hint, error) {
            (Some(hint), Some(error)) => Some(format!("{error} {hint}")),
            (hint, error) => error.or(hint),
        }
    }

    const fn invalid(&self) -> Option<&'static str> {
        if self.error.is_some() { Some("true") } else { None }
    }

    /// The label, the control, the hint and the complaint, in reading order.
    fn wrap(self, label: String, control: impl IntoView) -> impl IntoView {
        let Self { id, hint, error } = self;
        view! {
            <div class="field">
                <label class="field-label" for=id.clone()>
                    {label}
                </label>
                {control}
                {error.map(|text| {
                    view! {
                        <p class="field-error" id=format!("{id}-error")>
                            <Icon name=IconName::Alert />
                            <span>{text}</span>
                        </p>
                    }
                })}
                {hint.map(|text| view! { <p class="field-hint" id=format!("{id}-hint")>{text}</p> })}
            </div>
        }
    }
}

/// A labelled line of input.
#[component]
pub fn Field(
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// What it takes.
    #[prop(optional)]
    kind: FieldKind,
    /// What stands in it. Never pass a password back.
    #[prop(optional, into)]
    value: String,
    /// Help below it.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What was wrong with the last try; the part about this field is shown.
    #[prop(optional_no_strip, into)]
    problem: Option<Problem>,
    /// For password managers, where the kind does not say it.
    #[prop(optional, into)]
    autocomplete: Option<String>,
    /// Whether it must be filled.
    #[prop(optional)]
    required: bool,
    /// Whether the keyboard starts here.
    #[prop(optional)]
    autofocus: bool,
    /// Fewest characters.
    #[prop(optional, into)]
    minlength: Option<u32>,
    /// Most characters.
    #[prop(optional, into)]
    maxlength: Option<u32>,
    /// An example; not a label.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Least number.
    #[prop(optional, into)]
    min: Option<String>,
    /// Largest number.
    #[prop(optional, into)]
    max: Option<String>,
    /// Step of a number.
    #[prop(optional, into)]
    step: Option<String>,
    /// The keyboard a phone shows.
    #[prop(optional, into)]
    inputmode: Option<String>,
    /// The id of a list of what is offered.
    #[prop(optional, into)]
    list: Option<String>,
    /// Its id, if the name is taken on the page.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let surround = Surround::new(id, &name, hint, problem.as_ref());
    let autocomplete = autocomplete.or_else(|| kind.autocomplete().map(ToOwned::to_owned));
    let control = view! {
        <input
            class="input"
            id=surround.id.clone()
            name=name
            type=kind.input_type()
            value=(!value.is_empty()).then_some(value)
            autocomplete=autocomplete
            required=required
            autofocus=autofocus
            minlength=minlength.map(|count| count.to_string())
            maxlength=maxlength.map(|count| count.to_string())
            placeholder=placeholder
            min=min
            max=max
            step=step
            inputmode=inputmode
            list=list
            aria-describedby=surround.described_by()
            aria-invalid=surround.invalid()
        />
    };
    surround.wrap(label, control)
}

/// A labelled box for several lines. Grows with its text where the browser can.
#[component]
pub fn TextArea(
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// What stands in it.
    #[prop(optional, into)]
    value: String,
    /// Help below it.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What was wrong with the last try.
    #[prop(optional_no_strip, into)]
    problem: Option<Problem>,
    /// Lines at first.
    #[prop(default = 4)]
    rows: u32,
    /// Whether it must be filled.
    #[prop(optional)]
    required: bool,
    /// Most characters.
    #[prop(optional, into)]
    maxlength: Option<u32>,
    /// An example; not a label.
    #[prop(optional, into)]
    placeholder: Option<String>,
    /// Its id, if the name is taken on the page.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let surround = Surround::new(id, &name, hint, problem.as_ref());
    let control = view! {
        <textarea
            class="input"
            id=surround.id.clone()
            name=name
            rows=rows.to_string()
            required=required
            maxlength=maxlength.map(|count| count.to_string())
            placeholder=placeholder
            aria-describedby=surround.described_by()
            aria-invalid=surround.invalid()
        >
            {value}
        </textarea>
    };
    surround.wrap(label, control)
}

/// A labelled choice from a list.
#[component]
pub fn SelectField(
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// Values and their words.
    options: Vec<(String, String)>,
    /// The value taken.
    #[prop(optional, into)]
    selected: String,
    /// Help below it.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What was wrong with the last try.
    #[prop(optional_no_strip, into)]
    problem: Option<Problem>,
    /// Its id, if the name is taken on the page.
    #[prop(optional, into)]
    id: Option<String>,
) -> impl IntoView {
    let surround = Surround::new(id, &name, hint, problem.as_ref());
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let taken = value == selected;
            view! { <option value=value selected=taken>{words}</option> }
        })
        .collect_view();
    let control = view! {
        <span class="select">
            <select
                class="input"
                id=surround.id.clone()
                name=name
                aria-describedby=surround.described_by()
                aria-invalid=surround.invalid()
            >
                {options}
            </select>
            <Icon name=IconName::ChevronDown />
        </span>
    };
    surround.wrap(label, control)
}

/// A choice from a list in a row of filters: its label is read aloud, not shown.
#[component]
pub fn Choice(
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// What is chosen here.
    #[prop(into)]
    label: String,
    /// Values and their words.
    options: Vec<(String, String)>,
    /// The value taken.
    #[prop(optional, into)]
    selected: String,
) -> impl IntoView {
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let taken = value == selected;
            view! { <option value=value selected=taken>{words}</option> }
        })
        .collect_view();
    view! {
        <span class="select">
            <select class="input" name=name aria-label=label>
                {options}
            </select>
            <Icon name=IconName::ChevronDown />
        </span>
    }
}

/// A box to tick.
#[component]
pub fn Check(
    /// Its name in the form.
    #[prop(into)]
    name: String,
    /// The label.
    #[prop(into)]
    label: String,
    /// Whether it is ticked.
    #[prop(optional)]
    checked: bool,
    /// Help below the label.
    #[prop(optional, into)]
    hint: Option<String>,
) -> impl IntoView {
    view! {
        <label class="check">
            <input class="check-input" type="checkbox" name=name value="true" checked=checked />
            <span class="check-text">
                <span>{label}</span>
                {hint.map(|text| view! { <span class="field-hint">{text}</span> })}
            </span>
        </label>
    }
}
