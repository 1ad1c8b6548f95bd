//! Somebody with a browser.

use std::net::SocketAddr;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use reqwest::{Client, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use types::{Generation, GenerationId, Problem, Rights};
use url::Url;

use crate::{Events, PATIENCE};

/// Everybody's password. Good enough for the rules.
const PASSWORD: &str = "correct horse battery staple";

/// Somebody with a browser: keeps cookies, says where a form came from, follows no redirect by itself.
///
/// A clone is the same browser.
#[derive(Clone, Debug)]
pub struct Person {
    client: Client,
    /// The site's address as the world knows it.
    public: Url,
    /// Where it really listens: there is no TLS in front of a test.
    port: u16,
    /// The address they sign in with; empty for nobody.
    pub email: String,
    /// Their password.
    pub password: String,
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub text: String,
}

impl Reply {
    async fn read(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("a whole body") }
    }

    /// A header's value, or nothing.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// Where it leads.
    #[must_use]
    pub fn location(&self) -> &str {
        self.header("location")
    }

    /// Its body as JSON.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text))
    }
}

impl Person {
    /// Somebody with a new browser who knows that the site with this public URL listens at this address.
    ///
    /// # Panics
    /// When it is no URL.
    #[must_use]
    pub fn new(addr: SocketAddr, url: &str) -> Self {
        let public: Url = url.parse().expect("the public URL");
        let client = browser(addr, &public);
        Self { client, public, port: addr.port(), email: String::new(), password: PASSWORD.to_owned() }
    }

    /// The same person at another host of the site: `Some("chat")` for `chat.HOST`. Same browser, same cookies.
    #[must_use]
    pub fn at(&self, subdomain: &str) -> Self {
        let host = self.public.host_str().expect("a host");
        let mut person = self.clone();
        person.public.set_host(Some(&format!("{subdomain}.{host}"))).expect("a host");
        person
    }

    /// The whole address of a path.
    ///
    /// # Panics
    /// When it is no path.
    #[must_use]
    pub fn address(&self, path: &str) -> Url {
        let mut address = self.public.join(path).expect("a path");
        // `https` is taken to end in front of us, as behind a tunnel.
        address.set_scheme("http").expect("a scheme");
        address.set_port(Some(self.port)).expect("a port");
        address
    }

    /// A request of any kind, without what a browser would add. Cookies go along.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.address(path)).timeout(PATIENCE)
    }

    /// Sends a request and reads the answer.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, request: RequestBuilder) -> Reply {
        Reply::read(request.send().await.expect("an answer")).await
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Reply {
        self.send(self.request(Method::GET, path).header(header::ACCEPT, "text/html")).await
    }

    /// Sends a form as a browser does without scripts, from the page `from`.
    pub async fn post_form(&self, from: &str, action: &str, fields: &[(&str, &str)]) -> Reply {
        let request = self
            .own(self.request(Method::POST, action))
            .header(header::ACCEPT, "text/html,application/xhtml+xml")
            .header(header::REFERER, self.public.join(from).expect("a path").as_str());
        self.send(encoded(request, &fields)).await
    }

    /// Calls a server function as an island does.
    pub async fn call(&self, action: &str, fields: &impl Serialize) -> Reply {
        let request = self.own(self.request(Method::POST, action)).header(header::ACCEPT, "application/json");
        self.send(encoded(request, fields)).await
    }

    /// Calls a server function and reads what it gives, or its problem.
    ///
    /// # Errors
    /// The problem it was refused with.
    pub async fn ask<T: DeserializeOwned>(&self, action: &str, fields: &impl Serialize) -> Result<T, Problem> {
        let reply = self.call(action, fields).await;
        if reply.status.is_success() { Ok(reply.json()) } else { Err(reply.json()) }
    }

    /// Says something in a new conversation.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn say(&self, text: &str, model: &str) -> Generation {
        self.ask("/api/send", &[("text", text), ("model", model)]).await.expect("the message is taken")
    }

    /// Follows an answer after piece `after`.
    ///
    /// # Panics
    /// When it is refused.
    pub async fn events(&self, generation: GenerationId, after: u64) -> Events {
        let response = self.follow(generation, after).await;
        assert_eq!(response.status(), StatusCode::OK);
        Events::new(response)
    }

    /// Asks to follow an answer; the response whatever it is.
    ///
    /// # Panics
    /// When there is none.
    pub async fn follow(&self, generation: GenerationId, after: u64) -> Response {
        let path = format!("/api/stream/generations/{generation}?after={after}");
        self.own(self.client.post(self.address(&path))).send().await.expect("an answer")
    }

    /// Takes up an invitation or the set-up link. Signed in afterwards.
    ///
    /// # Panics
    /// When that does not work.
    pub async fn join(&mut self, link: &str, name: &str, email: &str) -> Reply {
        let page = link.parse::<Url>().expect("a link").path().to_owned();
        let token = page.rsplit('/').next().expect("a token");
        self.email = email.to_owned();
        let fields = [("token", token), ("name", name), ("email", email), ("password", &self.password)];
        let reply = self.post_form(&page, "/api/accept_invitation", &fields).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "joining: {}", reply.text);
        reply
    }

    /// Signs in with the person's address and password.
    pub async fn sign_in(&self) -> Reply {
        let fields = [("email", self.email.as_str()), ("password", &self.password)];
        self.post_form("/sign-in", "/api/sign_in", &fields).await
    }

    /// As an administrator: makes an invitation and reads its link off the page.
    ///
    /// # Panics
    /// When that does not work.
    pub async fn invite(&self, rights: impl Into<Rights>) -> String {
        let Rights { role, environments } = rights.into();
        let names: Vec<String> = (0..environments.len()).map(|index| format!("environments[{index}]")).collect();
        let mut fields = vec![("role", role.as_str()), ("note", ""), ("days", "7")];
        fields.extend(names.iter().map(String::as_str).zip(environments.iter().map(String::as_str)));
        let reply = self.post_form("/admin/people", "/api/invite", &fields).await;
        assert_eq!(reply.status, StatusCode::SEE_OTHER, "inviting: {}", reply.text);
        let page = self.get("/admin/people").await.text;
        let token = page.split("/join/").nth(1).expect("the link is on the page");
        let end = token.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_').unwrap_or(token.len());
        self.address(&format!("/join/{}", &token[..end])).to_string()
    }

    /// A browser of their own for the same person: not signed in.
    #[must_use]
    pub fn new_browser(&self, app: &crate::TestApp) -> Self {
        Self { email: self.email.clone(), password: self.password.clone(), ..Self::new(app.addr(), app.url()) }
    }

    /// What a browser says of a request that one of our own pages makes.
    fn own(&self, request: RequestBuilder) -> RequestBuilder {
        request
            .header(header::ORIGIN, self.public.origin().ascii_serialization())
            .header("sec-fetch-site", HeaderValue::from_static("same-origin"))
    }
}

fn encoded(request: RequestBuilder, fields: &impl Serialize) -> RequestBuilder {
    let body = serde_urlencoded::to_string(fields).expect("a form");
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(body)
}

#[expect(clippy::disallowed_methods, reason = "this client plays the browser; the server's own come from `upstream`")]
fn browser(addr: SocketAddr, public: &Url) -> Client {
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    let host = public.host_str().expect("a host");
    // Names below `localhost` are this machine, but not every resolver knows.
    let names = ["", "chat.", "docs.", "mail."].map(|subdomain| format!("{subdomain}{host}"));
    let builder = names.iter().fold(Client::builder(), |builder, name| builder.resolve(name, addr));
    builder
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .tls_certs_only([])
        .no_proxy()
        .build()
        .expect("a browser")
}
