//! Bytes on a first visit, as a browser that takes brotli gets them: the document and everything it links.

use std::collections::BTreeSet;

use reqwest::{Client, header};

use crate::{
    Arguments, Failure, client,
    report::Report,
    seed::Seed,
    subject::{Ground, Subject},
};

/// Budgets in bytes, from the ground floor's requirements.
const SIGN_IN: f64 = 120_000.0;
const HOME: f64 = 150_000.0;
const CHAT: f64 = 250_000.0;

pub(crate) async fn measure(arguments: &Arguments, report: &mut Report) -> Result<(), Failure> {
    eprintln!("bytes on a first visit");
    let ground = Ground::new()?;
    let seed = Seed::open(&ground).await?;
    let person = seed.person().await?;
    let conversation = seed.conversation(&person, 20).await?;
    seed.close().await;
    let subject = Subject::start(arguments, &ground, None).await?;
    let http = client::plain()?;
    let visits = [
        ("sign-in", "/sign-in".to_owned(), None, SIGN_IN),
        ("home", "/".to_owned(), Some(person.cookie.as_str()), HOME),
        ("chat", format!("/chat/{conversation}"), Some(person.cookie.as_str()), CHAT),
    ];
    for (name, path, cookie, budget) in visits {
        let (bytes, requests) = visit(&http, &subject.url, &path, cookie).await?;
        report.bar(format!("first visit of {name} ({requests} requests)"), bytes, "bytes", budget);
    }
    subject.stop().await
}

/// Loads a page and what it links; returns bytes of the bodies and the number of requests.
async fn visit(http: &Client, base: &str, path: &str, cookie: Option<&str>) -> Result<(f64, usize), Failure> {
    let (bytes, encoding, document) = load(http, base, path, cookie).await?;
    let html = match encoding.as_str() {
        "" => document,
        other => return Err(format!("asked for a plain document, got {other}").into()),
    };
    let links = linked(&html);
    let mut total = bytes;
    for link in &links {
        total += transferred(http, base, link, cookie).await?;
    }
    Ok((total, links.len() + 1))
}

/// The document in plain, to read its links, and its size in brotli.
async fn load(http: &Client, base: &str, path: &str, cookie: Option<&str>) -> Result<(f64, String, String), Failure> {
    let bytes = transferred(http, base, path, cookie).await?;
    let answer = request(http, base, path, cookie, "identity")?.send().await?.error_for_status()?;
    if answer.status().is_redirection() {
        return Err(format!("{path} is a redirect").into());
    }
    let encoding =
        answer.headers().get(header::CONTENT_ENCODING).map_or("", |value| value.to_str().unwrap_or("?")).to_owned();
    Ok((bytes, encoding, answer.text().await?))
}

async fn transferred(http: &Client, base: &str, path: &str, cookie: Option<&str>) -> Result<f64, Failure> {
    let answer = request(http, base, path, cookie, "br")?.send().await?.error_for_status()?;
    let bytes = answer.bytes().await?.len();
    Ok(bytes as f64)
}

fn request(
    http: &Client,
    base: &str,
    path: &str,
    cookie: Option<&str>,
    encoding: &'static str,
) -> Result<reqwest::RequestBuilder, Failure> {
    let headers = cookie.map(client::signed_in).transpose()?.unwrap_or_default();
    Ok(http
        .get(format!("{base}{path}"))
        .headers(headers)
        .header(header::ACCEPT, "text/html,*/*")
        .header(header::ACCEPT_ENCODING, encoding))
}

/// Paths of our own that a browser loads with the document: style sheets, scripts, modules, icons, fonts, images. The manifest
/// and links for people are left out, as browsers do on a first visit.
fn linked(html: &str) -> BTreeSet<String> {
    let tags =
        html.split('<').filter(|tag| tag.starts_with("link ") || tag.starts_with("script ") || tag.starts_with("img "));
    tags.filter(|tag| {
        !["rel=\"canonical\"", "rel=\"manifest\"", "apple-touch-icon", "rel=\"search\""]
            .iter()
            .any(|not| tag.contains(not))
    })
    .filter_map(|tag| attribute(tag, "href").or_else(|| attribute(tag, "src")))
    .filter(|path| path.starts_with('/'))
    .collect()
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!("{name}=\""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}
