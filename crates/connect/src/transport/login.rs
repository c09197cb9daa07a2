//! Login calls: asking for tokens, one call after the other.
//!
//! Owns when they are asked (one login at a time, again at 80 % of a token's life, once after a refusal) and what
//! their answers must hold. It must not know what is asked for with the tokens. A refused password starts a pause;
//! a login server that is down does not, and while an old token lives the run goes on with it.

use super::auth::{Auth, Login, Pass, Refresh, Token, as_text, carried, headers};
use super::client::{Content, Inner, looks_like_html};
use super::error::{self, Reached, TransportError};
use super::hide::message;
use super::kept;
use super::request::{Reply, Request};
use super::retry;
use crate::error::{Disposition, Text};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// A token's life is believed from a second to thirty days.
const LONGEST_LIFE: Duration = Duration::from_secs(30 * 86_400);

impl Inner {
    /// What lets a request in. `stale` names the login whose token was just refused.
    pub(super) async fn pass(&self, stale: Option<u64>) -> Result<Pass, TransportError> {
        let mut state = self.state.lock().await;
        let now = Instant::now();
        if let Some(pause) = state.pause.as_ref().filter(|pause| now < pause.until) {
            let mut finding = (*pause.finding).clone();
            let minutes = (pause.until - now).as_secs().div_ceil(60);
            finding.what.vi.push_str(&format!(" (tạm dừng thử thêm {minutes} phút)"));
            finding.what.en.push_str(&format!(" (not tried for another {minutes} min)"));
            return Err(TransportError::new(finding, Disposition::NeedsOperator, Reached::No));
        }
        if !self.auth.logs_in() {
            return Ok(self.fixed.clone());
        }
        let usable =
            state.token.as_ref().filter(|token| stale != Some(token.pass.generation) && now < token.dies_at);
        if let Some(token) = usable.filter(|token| now < token.renew_at) {
            return Ok(token.pass.clone());
        }
        let old = usable.map(|token| token.pass.clone());
        let generation = state.generation + 1;
        // The lock is held while logging in: whoever else needs a token waits for this one.
        match self.log_in(&mut state.refresh, generation).await {
            Ok(token) => {
                let pass = token.pass.clone();
                state.generation = generation;
                state.token = Some(token);
                Ok(pass)
            }
            Err(error) => {
                // A login never carries what the caller wanted to have done.
                let error = TransportError { reached: Reached::No, ..error };
                if matches!(
                    error.finding.code.as_str(),
                    "LT-NET-008" | "LT-NET-017" | "LT-NET-032" | "LT-NET-039"
                ) {
                    state.pause(self.auth_pause, &error.finding);
                    state.token = None;
                    return Err(error);
                }
                // The old token still lives: a login server that is down must not stop a run.
                old.ok_or(error)
            }
        }
    }

    async fn log_in(
        &self,
        refresh: &mut Option<SecretString>,
        generation: u64,
    ) -> Result<Token, TransportError> {
        let Auth { logins, session, .. } = &self.auth;
        let asked = Instant::now();
        let mut pass = Pass { generation, ..self.fixed.clone() };
        let mut life = LONGEST_LIFE;
        if let Some(session) = session {
            self.sign_in(session, &mut pass).await?;
            life = life.min(session.lifetime);
        }
        for login in logins {
            life = life.min(self.token(login, refresh, &mut pass).await?);
        }
        let life = life.max(Duration::from_secs(1));
        Ok(Token { pass, renew_at: asked + life * 4 / 5, dies_at: asked + life })
    }

    /// Asks for one token and puts it into the pass; gives how long it lives.
    async fn token(
        &self,
        login: &Login,
        refresh: &mut Option<SecretString>,
        pass: &mut Pass,
    ) -> Result<Duration, TransportError> {
        let sent = login.refresh.as_ref().map(|refresh_of| newest(refresh_of, refresh.as_ref()));
        sent.iter().for_each(|sent| self.hidden.learn(sent.expose_secret()));
        let request = request(login, sent.as_ref());
        let mut with = pass.clone();
        let own = headers(&login.headers).map_err(|why| self.unfit(why))?;
        with.headers.extend(own);
        let reply = self.exchange(&request, &with).await?;
        let answer = self.good_answer(login, &reply)?;
        let place = || self.place(&reply.label);
        let at = |pointer: &String| answer.pointer(pointer);
        if let Some(kind) = login.token_type.as_ref().and_then(|pointer| as_text(at(pointer)?))
            && !kind.eq_ignore_ascii_case("bearer")
        {
            return Err(error::token_type(&self.hidden.words(&kind)).at(place()));
        }
        let told = match &login.carry {
            None => {
                let token = at(&login.token).and_then(as_text).filter(|token| !token.is_empty());
                token.iter().for_each(|token| self.hidden.learn(token));
                token.map(|token| format!("{}{token}", login.prefix))
            }
            Some(carry) => {
                texts(&answer, &mut |text| self.hidden.learn(text));
                let broken =
                    |why: Text| error::no_token(reply.status, &self.hidden.words(&why.en)).at(place());
                let made = carry.carried(&answer).map_err(broken)?;
                let made = made.expose_secret();
                made.split_whitespace().last().into_iter().for_each(|last| self.hidden.learn(last));
                Some(made.to_owned())
            }
        };
        let header = told.and_then(|told| carried(&login.header, &told).ok());
        let Some((name, value)) = header else {
            let said = self.said(login, Some(&answer));
            return Err(error::no_token(reply.status, &said).at(place()));
        };
        if let (Some(of), Some(newer)) = (&login.refresh, at(&"/refresh_token".to_owned()).and_then(as_text))
            && !newer.is_empty()
            && sent.as_ref().is_none_or(|sent| sent.expose_secret() != newer)
        {
            self.hidden.learn(&newer);
            let newer = SecretString::from(newer);
            self.keep_refresh(of, &newer);
            *refresh = Some(newer);
        }
        pass.headers.insert(name, value);
        let told = login.expires_in.as_ref().and_then(|pointer| as_text(at(pointer)?)?.parse::<u64>().ok());
        let now = || retry::server_time(&reply.headers).unwrap_or_else(|| self.clock.now());
        let until = login.expires_at.as_ref().and_then(|end| end.left(&answer, now()));
        Ok(told.map(Duration::from_secs).or(until).unwrap_or(login.lifetime))
    }

    /// The answer of a login that worked.
    fn good_answer(&self, login: &Login, reply: &Reply) -> Result<Value, TransportError> {
        let place = self.place(&reply.label);
        let answer: Option<Value> = serde_json::from_slice(&reply.body).ok();
        let said = self.said(login, answer.as_ref());
        match reply.status {
            200 | 201 => {}
            400 | 401 | 403 | 422 => return Err(error::login_refused(reply.status, &said).at(place)),
            status => return Err(error::status(status, reply.retry_after, "").at(place)),
        }
        if looks_like_html(reply, Content::Json) {
            // A page for people, as during maintenance, says nothing about the password.
            return Err(error::not_data(reply.status, Content::Json.name(), false).at(place));
        }
        let good =
            answer.as_ref().is_some_and(|answer| login.success.iter().all(|expected| expected.holds(answer)));
        if !login.success.is_empty() && !good {
            return Err(error::login_refused(reply.status, &said).at(place));
        }
        Ok(answer.unwrap_or_default())
    }

    /// What the far side says about a login, where the manifest says or at a usual place.
    fn said(&self, login: &Login, answer: Option<&Value>) -> String {
        let Some(answer) = answer else { return String::new() };
        let declared = login.error_text.as_ref().and_then(|pointer| answer.pointer(pointer)?.as_str());
        let said = declared.filter(|said| !said.trim().is_empty()).or_else(|| message(answer));
        said.map(|said| self.hidden.words(said)).unwrap_or_default()
    }

    fn keep_refresh(&self, of: &Refresh, newer: &SecretString) {
        let kept = match &of.file {
            Some(file) => kept::write(file, &of.first, newer),
            None => Err(crate::error::Text::new("không có tệp nào được khai báo", "no file is declared")),
        };
        if let Err(why) = &kept {
            tracing::error!(
                code = "LT-NET-033",
                peer = self.name,
                why = why.en,
                "a new refresh token is not kept"
            );
        }
        if let Ok(mut unkept) = self.unkept.lock() {
            *unkept = kept.err();
        }
    }

    /// A header that cannot be sent.
    pub(super) fn unfit(&self, why: (&str, &str)) -> TransportError {
        let finding = error::options(why.0, why.1);
        TransportError::new(finding, Disposition::NeedsOperator, Reached::No).at(self.place("login"))
    }
}

/// Shortest text of an answer that may be a secret: a number of a user or a short name is none.
const LEAST_SECRET: usize = 16;

/// Every text of an answer long enough to be part of a session.
fn texts(answer: &Value, learn: &mut impl FnMut(&str)) {
    match answer {
        Value::String(text) if text.len() >= LEAST_SECRET => learn(text),
        Value::Array(items) => items.iter().for_each(|item| texts(item, learn)),
        Value::Object(members) => members.values().for_each(|member| texts(member, learn)),
        _ => {}
    }
}

/// The refresh token to be used: the newest known here, the one kept in the file, or the configuration's.
fn newest(of: &Refresh, known: Option<&SecretString>) -> SecretString {
    // Another process, such as a check beside the daemon, may have been given a newer one: the file goes first.
    let kept = of.file.as_ref().and_then(|file| kept::read(file, &of.first));
    kept.or_else(|| known.cloned()).unwrap_or_else(|| of.first.clone())
}

fn request(login: &Login, refresh: Option<&SecretString>) -> Request {
    let mut body: Value = serde_json::from_str(login.body.expose_secret()).unwrap_or_default();
    if let (Some(token), Some(fields)) = (refresh, body.as_object_mut()) {
        fields.insert("refresh_token".to_owned(), token.expose_secret().into());
    }
    let request = Request::new(login.method, &login.path).header("accept", "application/json");
    let request =
        login.query.iter().fold(request, |request, (name, value)| request.query(name, value.expose_secret()));
    match (&body, login.form) {
        (Value::Null, _) => request,
        (Value::Object(fields), true) => request
            .form(fields.iter().filter_map(|(name, value)| Some((name.clone(), as_text(value)?))).collect()),
        _ => request.json(&body),
    }
}
