//! Tokens of the simulated systems: issued by a login, good for a while.
//!
//! Owns which token belongs to which system and when it ends: after a real time (15 minutes at the e-office, 5
//! hours at the national database) or after a number of uses, whichever a test asks for. A restarted province
//! has forgotten all of them, as a restarted server has.

use axum::http::{HeaderMap, header};
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// A system that logs people in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum System {
    /// The open e-office.
    EOffice,
    /// The evaluation software.
    Evaluation,
    /// The national database.
    National,
}

impl System {
    fn name(self) -> &'static str {
        match self {
            Self::EOffice => "eoffice",
            Self::Evaluation => "evaluation",
            Self::National => "national",
        }
    }

    /// Life of a token when nobody asked for another one.
    pub fn usual_life(self) -> Duration {
        match self {
            Self::EOffice => Duration::from_secs(15 * 60),
            Self::Evaluation => Duration::from_secs(3600),
            Self::National => Duration::from_secs(5 * 3600),
        }
    }
}

#[derive(Debug)]
struct Issued {
    system: System,
    end: Instant,
    uses: u64,
}

/// Every token that is out.
#[derive(Debug, Default)]
pub struct Tokens {
    issued: HashMap<String, Issued>,
    serial: u64,
    /// Life of tokens issued from now on; none = the usual one of the system.
    pub life: Option<Duration>,
    /// Uses after which a token ends; none = as often as one likes.
    pub max_uses: Option<u64>,
    /// Logins that succeeded.
    pub logins: u64,
    /// Requests refused for a missing, unknown or ended token.
    pub refused: u64,
}

impl Tokens {
    /// A new token of a system.
    pub fn issue(&mut self, system: System) -> String {
        let now = Instant::now();
        self.issued.retain(|_, token| token.end > now);
        self.serial += 1;
        self.logins += 1;
        let noise = self.serial.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let token = format!("{}-{:06}-{noise:016x}", system.name(), self.serial);
        let end = now + self.life.unwrap_or(system.usual_life());
        self.issued.insert(token.clone(), Issued { system, end, uses: 0 });
        token
    }

    /// Whether a request carries a living token of a system.
    pub fn accepts(&mut self, system: System, headers: &HeaderMap) -> bool {
        let token = headers
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.strip_prefix("Bearer "));
        let known = token.and_then(|token| self.issued.get_mut(token));
        let max_uses = self.max_uses;
        let good = known.is_some_and(|known| {
            known.uses += 1;
            known.system == system
                && known.end > Instant::now()
                && max_uses.is_none_or(|most| known.uses <= most)
        });
        self.refused += u64::from(!good);
        good
    }
}
