//! What `lifeboat.toml` says of notifications: keys, values, mistakes, and what becomes of them.

pub mod check;
pub mod model;
pub mod schema;

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::settings::model::Settings;
use crate::cli::settings::notify::model::{ChannelSettings, ContactSettings, GroupSettings, RuleSettings};
use crate::notify::event::{Outcome, Severity};
use crate::notify::model::{
    Audience, Channel, ChannelKind, Contact, Directory, Escalation, EscalationStep, Group, Rule,
    SecretSource, SmtpTls,
};
use crate::notify::quiet::{QuietHours, Zone, parse_day, parse_time_of_day};
use crate::notify::route::ACK_WITHIN;
use crate::notify::template::Template;

/// The settings as the notifier takes them. They were checked: what is still not understood is left out.
pub fn directory(settings: &Settings) -> Directory {
    let usual = Directory::default();
    let notify = &settings.notify;
    let zone = notify.time_zone.as_deref().and_then(Zone::parse).unwrap_or_default();
    let escalations = settings.escalation.iter().map(|(name, one)| {
        let steps = one.step.iter().map(|step| EscalationStep {
            to: step.to.clone(),
            ack_within: step.ack_within.unwrap_or(ACK_WITHIN),
        });
        (name.clone(), Escalation { steps: steps.collect(), repeat: one.repeat })
    });
    let templates = settings.template.values().map(|one| Template {
        events: one.events.clone(),
        on: outcomes(&one.on),
        audience: one.audience.as_deref().and_then(Audience::parse),
        title: one.title.clone(),
        text: one.text.clone(),
    });
    Directory {
        channels: by_name(&settings.channel, channel),
        contacts: by_name(&settings.contact, |one| Some(contact(one, &zone))),
        groups: by_name(&settings.group, |one| Some(group(one, &zone))),
        escalations: escalations.collect(),
        templates: templates.collect(),
        rules: notify.rule.iter().map(rule).collect(),
        wait: notify.wait.unwrap_or(usual.wait),
        repeat_after: notify.repeat_after.unwrap_or(usual.repeat_after),
        keep: notify.keep.unwrap_or(usual.keep),
        ack_url: notify.ack_url.clone(),
    }
}

fn by_name<S, T>(
    all: &std::collections::BTreeMap<String, S>,
    make: impl Fn(&S) -> Option<T>,
) -> std::collections::BTreeMap<String, T> {
    all.iter().filter_map(|(name, one)| Some((name.clone(), make(one)?))).collect()
}

fn outcomes(words: &[String]) -> Vec<Outcome> {
    words.iter().filter_map(|word| Outcome::parse(word)).collect()
}

/// A rule of a job, of a repository, or of all.
pub fn rule(settings: &RuleSettings) -> Rule {
    let severity = |word: &Option<String>| word.as_deref().and_then(Severity::parse);
    let on = outcomes(&settings.on);
    Rule {
        events: settings.events.clone(),
        on: if on.is_empty() { Rule::USUAL.to_vec() } else { on },
        min_severity: severity(&settings.min_severity).unwrap_or(Severity::Info),
        to: settings.to.clone(),
        escalation: settings.escalation.clone(),
        severity: severity(&settings.severity),
    }
}

fn contact(settings: &ContactSettings, usual: &Zone) -> Contact {
    let zone = settings.time_zone.as_deref().and_then(Zone::parse);
    let quiet = settings.quiet.iter().filter_map(|one| {
        Some(QuietHours {
            from: parse_time_of_day(&one.from)?,
            until: parse_time_of_day(&one.until)?,
            days: one.days.iter().filter_map(|day| parse_day(day)).collect(),
            below: one.below.as_deref().and_then(Severity::parse).unwrap_or(Severity::Critical),
        })
    });
    Contact {
        full_name: settings.full_name.clone(),
        email: settings.email.clone(),
        phone: settings.phone.clone(),
        telegram: settings.telegram.clone(),
        channels: settings.channels.clone(),
        all_channels: settings.all_channels,
        audience: settings.audience.as_deref().and_then(Audience::parse).unwrap_or_default(),
        quiet: quiet.collect(),
        zone: zone.unwrap_or_else(|| usual.clone()),
    }
}

fn group(settings: &GroupSettings, zone: &Zone) -> Group {
    Group {
        members: settings.members.clone(),
        on_call: settings.on_call,
        ack_within: settings.ack_within,
        rotate_every: settings.rotate_every,
        rotate_from: settings.rotate_from.as_deref().and_then(|text| zone.parse_time(text)).unwrap_or(0),
    }
}

fn channel(settings: &ChannelSettings) -> Option<Channel> {
    let kind = kind(settings)?;
    Some(Channel {
        every: settings.every.unwrap_or(kind.is_monitor()),
        kind,
        timeout: settings.timeout.unwrap_or(Duration::from_secs(15)),
        give_up_after: settings.give_up_after.unwrap_or(Duration::from_secs(24 * 3600)),
        ca_file: settings.ca_file.clone(),
        proxy: settings.proxy.as_deref().map(SecretSource::parse_or_plain),
        repeat_in_doubt: settings.repeat_in_doubt.unwrap_or(false),
        audience: settings.audience.as_deref().and_then(Audience::parse).unwrap_or_default(),
    })
}

fn kind(settings: &ChannelSettings) -> Option<ChannelKind> {
    let plain = |text: &Option<String>| text.as_deref().map(SecretSource::parse_or_plain);
    let url = |usual: &str| plain(&settings.url).unwrap_or_else(|| SecretSource::Plain(usual.to_owned()));
    let key = || plain(&settings.key);
    let token = || plain(&settings.token);
    let login = || Some((settings.user.clone()?, plain(&settings.password)?));
    let socket = |usual: &str| settings.socket.clone().unwrap_or_else(|| PathBuf::from(usual));
    Some(match settings.r#type.as_str() {
        "email" => ChannelKind::Email {
            server: settings.server.clone()?,
            tls: settings.tls.as_deref().and_then(SmtpTls::parse).unwrap_or_default(),
            login: login(),
            from: settings.from.clone()?,
            to: settings.to.clone(),
        },
        "twilio" => ChannelKind::Twilio {
            url: url("https://api.twilio.com"),
            account: settings.account.clone()?,
            token: token()?,
            from: settings.from.clone()?,
            to: settings.to.clone(),
        },
        "slack" => ChannelKind::Slack { url: plain(&settings.url)? },
        "teams" => ChannelKind::Teams { url: plain(&settings.url)? },
        "discord" => ChannelKind::Discord { url: plain(&settings.url)? },
        "telegram" => ChannelKind::Telegram {
            url: url("https://api.telegram.org"),
            token: token()?,
            chat: settings.chat.clone(),
        },
        "pagerduty" => ChannelKind::PagerDuty { url: url("https://events.pagerduty.com"), key: key()? },
        "opsgenie" => ChannelKind::Opsgenie { url: url("https://api.opsgenie.com"), key: key()? },
        "ntfy" => ChannelKind::Ntfy {
            url: url("https://ntfy.sh"),
            topic: plain(&settings.topic)?,
            token: token(),
            login: login(),
            ack_topic: plain(&settings.ack_topic),
            ack_token: plain(&settings.ack_token),
        },
        "webhook" => ChannelKind::Webhook { url: plain(&settings.url)?, key: key(), token: token() },
        "healthchecks" => ChannelKind::Healthchecks { url: plain(&settings.url)? },
        "command" => ChannelKind::Command { program: settings.program.clone() },
        "journald" => ChannelKind::Journald { socket: socket("/run/systemd/journal/socket") },
        "syslog" => ChannelKind::Syslog {
            socket: socket("/dev/log"),
            facility: facility(settings.facility.as_deref().unwrap_or("daemon")),
        },
        _ => return None,
    })
}

fn facility(word: &str) -> u8 {
    let at = schema::FACILITIES.iter().position(|facility| *facility == word);
    // There are 24.
    at.and_then(|at| u8::try_from(at).ok()).unwrap_or(3)
}
