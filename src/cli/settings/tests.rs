//! What the configuration's check finds, as a table of files and the mistakes in them.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use super::check::check;
use super::schema::{FILE, Field, Kind};
use super::{SettingsError, load, locate};
use crate::cli::environment::Environment;

/// A file that has every key of the schema.
fn full() -> String {
    let mut text = String::new();
    tables(FILE, "", &mut text);
    text.push_str(PEOPLE);
    // A job has either sources or a stream, a repository one passphrase, a database one password.
    let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("passphrase_command")).collect();
    let others = ["sources", "password_env", "password_command"];
    lines.retain(|line| !others.iter().any(|key| line.starts_with(key)));
    lines.join("\n")
}

/// Every key of notifications, by hand: keys of channels exclude each other, and names must be right.
const PEOPLE: &str = "
[notify]
wait = '5s'
repeat_after = '1d'
keep = '7d'
time_zone = 'Europe/Berlin'
ack_url = 'https://example.com/ack/{id}?token={token}'
[[notify.rule]]
to = 'oncall'
on = ['failed']
events = 'backup'
min_severity = 'warning'
severity = 'critical'
[[notify.expect]]
kind = 'drill'
name = 'main'
every = '90d'
[contact.anna]
full_name = 'Anna'
email = 'anna@example.com'
phone = '+491701234567'
telegram = '123'
channels = ['mail', 'sms', 'telegram']
all_channels = true
audience = 'stakeholder'
time_zone = 'Europe/Berlin'
quiet = [{ from = '22:00', until = '07:00', days = ['mon', 'tue'], below = 'error' }]
[group.oncall]
members = ['anna']
on_call = true
ack_within = '10m'
rotate_every = '7d'
rotate_from = '2026-01-05T09:00'
[escalation.site]
step = [{ to = ['oncall'], ack_within = '15m' }, { to = 'log' }]
repeat = 2
[template.one]
events = 'backup'
on = 'failed'
audience = 'personnel'
title = '{job}'
text = '{details.x}'
[channel.mail]
type = 'email'
server = 'smtp.example.com:587'
tls = 'starttls'
user = 'lifeboat'
password = 'file:~/password'
from = 'lifeboat@example.com'
to = 'root@example.com'
every = true
timeout = '20s'
give_up_after = '2d'
ca_file = 'ca.pem'
proxy = 'http://proxy:3128'
repeat_in_doubt = true
audience = 'personnel'
[channel.sms]
type = 'twilio'
account = 'AC1'
token = 'env:TWILIO'
from = '+15005550006'
[channel.telegram]
type = 'telegram'
token = 'credential:telegram'
chat = '5'
[channel.page]
type = 'pagerduty'
key = 'command:pass page'
url = 'https://events.eu.pagerduty.com'
[channel.phone]
type = 'ntfy'
topic = 'file:topic'
ack_topic = 'acks'
ack_token = 'env:ACK'
[channel.run]
type = 'command'
program = ['/usr/local/bin/tell', 'x']
[channel.log]
type = 'syslog'
socket = '/dev/log'
facility = 'local0'
";

const BY_HAND: [&str; 6] = ["notify", "contact", "group", "channel", "escalation", "template"];

fn tables(fields: &[Field], path: &str, text: &mut String) {
    let fields: Vec<Field> =
        fields.iter().filter(|field| !(path.is_empty() && BY_HAND.contains(&field.name))).copied().collect();
    for field in &fields {
        let value = match field.kind {
            Kind::Table(_) | Kind::Named(_) | Kind::List(_) => continue,
            Kind::Rules(_) => "{ to = 'anna', escalation = 'site' }".to_owned(),
            Kind::Word(words) => format!("'{}'", words[0]),
            // The repository's own is on S3, since it has a table of that; each replica is elsewhere.
            Kind::Url if path == "repository.main." => "'s3://bucket/prefix'".to_owned(),
            Kind::Url => format!("'/{}'", path.replace('.', "/")),
            Kind::ReplicaName => format!("'n{}'", path.len()),
            Kind::Bool => "true".to_owned(),
            Kind::Integer(..) if field.name == "write_quorum" => "2".to_owned(),
            Kind::Integer(low, _) => low.to_string(),
            Kind::Size => "'100M'".to_owned(),
            Kind::Duration if field.name == "lock_renew" => "'30s'".to_owned(),
            Kind::Duration => "'90s'".to_owned(),
            Kind::Texts | Kind::Paths | Kind::Patterns | Kind::Tags => "['one', 'two']".to_owned(),
            _ => match field.name {
                "endpoint" | "proxy" => "'http://127.0.0.1:9000'",
                "sse" => "'aws:kms'",
                "checksum" => "'crc32c'",
                "conditional" => "'server'",
                "lock" => "'governance'",
                _ => "'main'",
            }
            .to_owned(),
        };
        text.push_str(&format!("{} = {value}\n", field.name));
    }
    for field in &fields {
        let (fields, below) = match field.kind {
            Kind::List(fields) => {
                let below = format!("{path}{}", field.name);
                text.push_str(&format!("[[{below}]]\n"));
                tables(fields, &format!("{below}."), text);
                continue;
            }
            Kind::Table(fields) => (fields, format!("{path}{}", field.name)),
            Kind::Named(fields) => (fields, format!("{path}{}.main", field.name)),
            _ => continue,
        };
        text.push_str(&format!("[{below}]\n"));
        tables(fields, &format!("{below}."), text);
    }
}

#[test]
fn a_file_with_every_key_of_the_schema_is_understood_whole() {
    let settings = check(&full()).unwrap_or_else(|mistakes| panic!("{}\n{mistakes:#?}", full()));
    let job = &settings.job["main"];
    assert_eq!(job.exclude_larger_than, Some(100 << 20));
    assert_eq!(job.hooks.timeout, Some(Duration::from_secs(90)));
    assert_eq!(job.stream.as_ref().unwrap().program, ["one", "two"]);
    assert_eq!(settings.defaults.compression, Some(-7));
    let directory = super::notify::directory(&settings);
    assert_eq!(directory.channels.len(), settings.channel.len());
    assert_eq!(directory.contacts["anna"].quiet.len(), 1);
    assert!(directory.groups["oncall"].rotate_from > 1_700_000_000);
}

#[test]
fn the_schema_has_every_key_that_the_types_have() {
    let known = |error: toml::de::Error| -> Vec<String> {
        let message = error.message().to_owned();
        let (_, names) = message.split_once("expected").unwrap();
        names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    };
    for (prefix, fields, is_list) in sections(FILE, "") {
        let text = match prefix.as_str() {
            "" => "zzz = 1".to_owned(),
            list if is_list => format!("[[{list}]]\nzzz = 1"),
            table => format!("[{table}]\nzzz = 1"),
        };
        let error = toml::from_str::<super::model::Settings>(&text).unwrap_err();
        let mut names = known(error);
        let mut schema: Vec<String> = fields.iter().map(|field| field.name.to_owned()).collect();
        names.sort();
        schema.sort();
        assert_eq!(names, schema, "[{prefix}]");
    }
}

fn sections(fields: &'static [Field], path: &str) -> Vec<(String, &'static [Field], bool)> {
    let mut all = vec![(path.trim_end_matches('.').to_owned(), fields, false)];
    for field in fields {
        let (below, name, is_list) = match field.kind {
            Kind::Table(below) | Kind::Rules(below) => (below, format!("{path}{}.", field.name), false),
            Kind::Named(below) => (below, format!("{path}{}.main.", field.name), false),
            Kind::List(below) => (below, format!("{path}{}.", field.name), true),
            _ => continue,
        };
        let mut found = sections(below, &name);
        found[0].2 = is_list;
        all.extend(found);
    }
    all
}

/// Each: a file, and in order what is found in it: line, column, part of the message, suggestion.
#[test]
fn every_mistake_is_found_at_its_place() {
    type Found<'a> = (usize, usize, &'a str, Option<&'a str>);
    let table: &[(&str, &[Found<'_>])] = &[
        ("repositry.a.url = '/r'", &[(1, 1, "has no key `repositry`", Some("repository"))]),
        (
            "[repository.a]\nurl = '/r'\nfingerpint = 'x'",
            &[(3, 1, "no key `fingerpint`", Some("fingerprint"))],
        ),
        ("[repository.a]", &[(1, 13, "lacks the key `url`", None)]),
        ("[repository.a]\nurl = 'ftp://x'", &[(2, 7, "no store for ftp://", None)]),
        ("[repository.a]\nurl = ''", &[(2, 7, "it is empty", None)]),
        ("[repository.a]\nurl = 5", &[(2, 7, "cannot be an integer", None)]),
        ("[repository]\na = '/r'", &[(2, 5, "`repository.a` is to be a table", None)]),
        (
            "[repository.a]\nurl = '/r'\npassphrase_file = 'f'\npassphrase_command = 'c'",
            &[(4, 22, "exclude each other", None)],
        ),
        (
            "[repository.a]\nurl = '/r'\n[[repository.a.replica]]\nname = 'x'",
            &[(3, 1, "a replica lacks the key `url`", None)],
        ),
        (
            "[repository.a]\nurl = '/r'\n[[repository.a.replica]]\nname = 'x'\nurl = '/r/'",
            &[(4, 8, "the same place", None)],
        ),
        (
            "[repository.a]\nurl = '/r'\n[[repository.a.replica]]\nname = 'primary'\nurl = '/x'\n\
             role = 'boss'",
            &[(4, 8, "two replicas have the name", None), (6, 8, "none of these words", None)],
        ),
        (
            "[repository.a]\nurl = '/r'\nwrite_quorum = 1\n[[repository.a.replica]]\nname = 'x'\nurl = '/x'",
            &[(3, 16, "2 to 2 of them must hold", None)],
        ),
        ("[repository.a]\nurl = '/r'\nread_policy = 'fast'", &[(3, 15, "none of these words", None)]),
        ("[job.j]", &[(1, 6, "lacks the key `sources`", None)]),
        ("[job.j]\nsources = []", &[(2, 11, "would back up nothing", None)]),
        ("[job.j]\nsources = ['/a', 5, '']", &[(2, 18, "an integer", None), (2, 21, "is empty", None)]),
        ("[job.j]\nsources = '/a'\nrepository = 'x'", &[(3, 14, "no [repository.x]", None)]),
        (
            "[repository.main]\nurl = '/r'\n[job.j]\nsources = '/a'\nrepository = 'mian'",
            &[(5, 14, "no [repository.mian]", Some("main"))],
        ),
        (
            "[repository.a]\nurl = '/a'\n[repository.b]\nurl = '/b'\n[job.j]\nsources = '/a'",
            &[(5, 6, "there is no default one", None)],
        ),
        ("[job.j]\nsources = '/a'\nexclude_larger_than = '5Q'", &[(3, 23, "not understood: a size", None)]),
        ("[job.j]\nsources = '/a'\nexclude_caches = 'yes'", &[(3, 18, "cannot be a string", None)]),
        ("[job.j]\nsources = '/a'\ncompression = 23", &[(3, 15, "out of range", None)]),
        ("[job.j]\nsources = '/a'\ncompression = 99999999999999999999", &[(3, 15, "", None)]),
        ("[job.j]\nsources = '/a'\ntags = ['a b']", &[(3, 9, "a tag is one word", None)]),
        ("[job.j]\nsources = '/a'\nhost = 'a/b'", &[(3, 8, "a host's name has", None)]),
        ("[job.j]\nsources = '/a'\n[job.j.hooks]\ntimeout = 90", &[(4, 11, "cannot be an integer", None)]),
        ("[job.j]\nsources = '/a'\nhooks = 'x'", &[(3, 9, "cannot be a string", None)]),
        ("[job.j]\nsources = '/a'\nstream = {}", &[(3, 10, "exclude each other", None)]),
        ("[job.j]\nstream = {name = 'x'}", &[(1, 6, "lacks the key `program`", None)]),
        ("[job.'a/b']\nsources = '/a'", &[(1, 6, "no name for a job", None)]),
        ("[defaults]\nmemory_limit = -1", &[(2, 16, "cannot be an integer", None)]),
        ("a b", &[(1, 3, "expected `=`", None)]),
        ("[job.j]\nsources = '/a'\nnotify = 5", &[(3, 10, "cannot be an integer", None)]),
        (
            "[job.j]\nsources = '/a'\nnotify = { to = 'ana' }",
            &[(3, 17, "no contact, group or channel named", None)],
        ),
        (
            "[job.j]\nsources = '/a'\nnotify = [{ on = 'bad' }]",
            &[(3, 11, "lacks the key `to`", None), (3, 18, "none of these words", None)],
        ),
        (
            "[contact.anna]\nchannels = ['mial']\n[channel.mail]\ntype = 'journald'",
            &[(2, 13, "no channel named `mial`", Some("mail"))],
        ),
        (
            "[contact.a]\nemail = 'x'\nphone = '0170'",
            &[
                (1, 10, "lacks the key `channels`", None),
                (2, 9, "is no email", None),
                (3, 9, "is no phone", None),
            ],
        ),
        ("[channel.c]", &[(1, 10, "lacks the key `type`", None)]),
        ("[channel.c]\ntype = 'smoke'", &[(2, 8, "none of these words", None)]),
        ("[channel.c]\ntype = 'slack'\nurl = 'https://hooks.slack.com/x'", &[(3, 7, "is a secret", None)]),
        ("[channel.c]\ntype = 'pagerduty'\nkey = 'hush'", &[(3, 7, "a secret does not belong", None)]),
        ("[channel.c]\ntype = 'journald'\ntopic = 'x'", &[(3, 1, "has no `topic`", None)]),
        ("[channel.c]\ntype = 'webhook'\nurl = 'here'", &[(3, 7, "this is no URL", None)]),
        (
            "[channel.c]\ntype = 'email'\nserver = 'mail'\nfrom = 'a@b'\ntls = 'none'\nuser = \
             'u'\npassword = 'env:P'",
            &[(5, 7, "could be read on the way", None)],
        ),
        (
            "[channel.m]\ntype = 'twilio'\naccount = 'A'\ntoken = 'env:T'\nfrom = \
             'x'\n[contact.a]\nchannels = 'm'",
            &[(7, 12, "lacks the key `phone`", None)],
        ),
        (
            "[contact.a]\nchannels = []\ntime_zone = 'Mars'\nquiet = [{ from = '25:00' }]",
            &[
                (3, 13, "no time zone", None),
                (4, 10, "lacks the key `until`", None),
                (4, 19, "no time of day", None),
            ],
        ),
        (
            "[group.g]\nmembers = 'x'\nrotate_every = '7d'",
            &[(2, 11, "no contact named", None), (3, 16, "`rotate_from`", None)],
        ),
        ("[escalation.e]", &[(1, 13, "lacks the key `step`", None)]),
        ("[template.t]\ntitle = '{hots}'", &[(2, 9, "there is no `{hots}`", None)]),
        ("[group.x]\nmembers = 'x'\n[contact.x]\nchannels = []", &[(1, 8, "is called `x` too", None)]),
    ];
    for (file, expected) in table {
        let mistakes = check(file).expect_err(file);
        let found: Vec<_> = mistakes
            .iter()
            .map(|mistake| (mistake.line, mistake.column, mistake.suggestion.as_deref()))
            .collect();
        let wanted: Vec<_> =
            expected.iter().map(|(line, column, _, suggestion)| (*line, *column, *suggestion)).collect();
        assert_eq!(found, wanted, "{file}\n{mistakes:#?}");
        for (mistake, (_, _, message, _)) in mistakes.iter().zip(*expected) {
            assert!(mistake.message.contains(message), "{file}\n{mistake:#?}");
        }
    }
}

#[test]
fn a_broken_line_does_not_hide_the_mistakes_after_it() {
    let mistakes = check("[job.j]\nsources = = '/a'\n[repository.a]\nurl = 5\n").unwrap_err();
    assert!(mistakes.iter().any(|mistake| mistake.line == 2), "{mistakes:#?}");
    assert!(mistakes.iter().any(|mistake| mistake.line == 4), "{mistakes:#?}");
}

#[test]
fn keys_given_twice_are_mistakes() {
    let mistakes = check("[repository.a]\nurl = '/a'\nurl = '/b'").unwrap_err();
    assert_eq!((mistakes[0].line, mistakes.len()), (3, 1), "{mistakes:#?}");
}

#[test]
fn arbitrary_bytes_never_panic() {
    let full = full();
    for cut in (0..full.len()).filter(|at| full.is_char_boundary(*at)) {
        let _ = check(&full[..cut]);
        let _ = check(&format!("{}é\u{0}[{}", &full[..cut], &full[cut..]));
    }
}

#[test]
fn a_flag_beats_the_variable_which_beats_the_usual_places() {
    let home = tempfile::tempdir().unwrap();
    let usual = home.path().join(".config/lifeboat/lifeboat.toml");
    std::fs::create_dir_all(usual.parent().unwrap()).unwrap();
    std::fs::write(&usual, "").unwrap();
    let home_only = [("HOME".into(), home.path().into())];
    let environment = Environment::new(home_only.clone());
    assert_eq!(locate(None, &environment), Some(usual));
    let environment =
        Environment::new(home_only.into_iter().chain([("LIFEBOAT_CONFIG".into(), "/v".into())]));
    assert_eq!(locate(None, &environment), Some("/v".into()));
    assert_eq!(locate(Some(Path::new("/f")), &environment), Some("/f".into()));
}

#[test]
fn files_that_anyone_can_write_and_files_that_are_no_text_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("lifeboat.toml");
    let environment = Environment::default();
    std::fs::write(&file, "").unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(matches!(load(&file, &environment), Err(SettingsError::Writable { .. })));
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert!(load(&file, &environment).is_ok());
    std::fs::write(&file, b"\xff").unwrap();
    assert!(matches!(load(&file, &environment), Err(SettingsError::NotText { .. })));
    assert!(matches!(load(&directory.path().join("none"), &environment), Err(SettingsError::Read { .. })));
}
