//! lifeboat-plan-file(5): the keys of a plan file, rendered from the schema that the check uses.

use clap_mangen::roff::{Roff, bold, roman};

use crate::plan::file::schema::{
    CHECKS, COMMON, FILE, Field, KINDS, Kind, allowed_of, fields_of, verify_fields,
};

const EXAMPLE: &str = "\
schema = \"lifeboat.plan-file/1\"
name = \"web1-drill\"
snapshot = \"latest@web1\"
rto = \"2h\"
rpo = \"1d\"

[target]
kind = \"sandbox\"
root = \"/var/tmp/web1\"

[component.files]
kind = \"files\"
paths = [\"/etc\", \"/srv/www\"]

[[component.files.verify]]
kind = \"checksum\"

[component.config]
kind = \"command\"
needs = [\"files\"]
run = [\"nginx\", \"-t\", \"-c\", \"/var/tmp/web1/etc/nginx/nginx.conf\"]
repeat = true";

/// The page's body.
pub fn plan_file() -> Roff {
    let mut roff = Roff::new();
    roff.control("SH", ["NAME"]).text([roman("lifeboat-plan-file - a restore as people write it down")]);
    roff.control("SH", ["DESCRIPTION"]);
    roff.text([
        roman(
            "A TOML file that says what is restored, where to, in which order, and what must hold \
        afterwards. ",
        ),
        bold("lifeboat plan init"),
        roman(" writes one, "),
        bold("lifeboat plan build"),
        roman(
            " resolves it and lists every mistake in it with its line. A list of one may be written \
        without brackets.",
        ),
    ]);
    section("THE FILE", FILE, &mut roff);
    for field in FILE {
        match field.kind {
            Kind::Table(fields) => section(&format!("[{}]", field.name), fields, &mut roff),
            Kind::List(fields) => section(&format!("[[{}]]", field.name), fields, &mut roff),
            _ => {}
        }
    }
    section("[component.NAME]", COMMON, &mut roff);
    for kind in KINDS.iter().filter(|kind| !fields_of(kind).is_empty()) {
        section(&format!("COMPONENTS OF THE KIND {kind}"), fields_of(kind), &mut roff);
    }
    section("[[component.NAME.verify]]", verify_fields(), &mut roff);
    roff.control("SH", ["WHAT EACH VERIFICATION TAKES"]);
    for kind in CHECKS {
        roff.control("TP", []).text([bold(*kind)]).text([roman(allowed_of(kind).join(", "))]);
    }
    commands(&mut roff);
    roff.control("SH", ["EXAMPLES"]).control("nf", []);
    for line in EXAMPLE.lines() {
        roff.text([roman(line)]);
    }
    roff.control("fi", []);
    roff.control("SH", ["SEE ALSO"]).text([
        bold("lifeboat-plan"),
        roman("(1), "),
        bold("lifeboat-plan-apply"),
        roman("(1)"),
    ]);
    roff
}

fn commands(roff: &mut Roff) {
    roff.control("SH", ["COMMANDS"]);
    roff.text([roman(
        "A command gets an environment of its own: PATH, LANG, HOME, what the plan gives it, and \
         LIFEBOAT_ROOT, LIFEBOAT_SNAPSHOT, and the ids of what it belongs to: LIFEBOAT_PLAN, LIFEBOAT_RUN \
         (the same in all sessions of a run) and LIFEBOAT_STEP (not in what runs at the end). In a sandbox \
         it runs in \
         namespaces of its own: without a network but its own loopback, with a /dev of a few harmless \
         devices, with empty /run and temporary directories, and with nothing but the root that could be \
         written. That guards against mistakes and stray connections, not against root that means harm. \
         What it leaves running there ends with the run. A command that is not to be repeated, and was \
         going on when the machine stopped, is looked at by its check, or else waits for a person.",
    )]);
}

fn section(title: &str, fields: &[Field], roff: &mut Roff) {
    roff.control("SH", [title.to_owned().as_str()]);
    for field in fields {
        roff.control("TP", []).text([bold(field.name)]);
        match field.kind {
            Kind::Table(_) | Kind::List(_) | Kind::Named => roff.text([roman(field.help)]),
            kind => roff.text([roman(format!("{} It is {}.", field.help, kind.expected()))]),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::EXAMPLE;
    use crate::plan::file::check::check;

    #[test]
    fn the_example_plan_file_has_no_mistakes() {
        check(EXAMPLE).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    }
}
