//! What `{{ … }}` in texts and `when` may say: minijinja, strict about names and bounded in work.
//!
//! Nothing is ever pasted into a shell: templates fill single arguments, and scripts get variables. What a
//! name may be is known beforehand: `inputs.NAME`, `vars.NAME`, `steps.ID.FIELD` and `run.FIELD`; lint holds
//! every reference against that, and a name that is missing when it is needed is an error, not an empty text.

use std::collections::BTreeSet;
use std::ops::Range;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde_json::Value;

/// Instructions that one evaluation may take.
const FUEL: u64 = 20_000;
/// Bytes that one text may become.
pub const TEXT_MAX_BYTES: usize = 1 << 20;

/// A text in which `{{ … }}` is filled in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    /// As it was written.
    pub text: String,
    /// Where, in bytes of the runbook's file.
    pub span: Range<usize>,
}

/// A condition that is true or false.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expression {
    /// As it was written.
    pub text: String,
    /// Where, in bytes of the runbook's file.
    pub span: Range<usize>,
}

/// A name that is referred to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference {
    /// `inputs`, `vars`, `steps`, `run`, or something that is not known.
    pub root: String,
    /// What follows the first dot.
    pub name: Option<String>,
    /// What follows the second.
    pub field: Option<String>,
}

/// A text that cannot be filled in, or a condition that cannot be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` {why}")]
pub struct ExprError {
    /// The template or expression, shortened.
    pub text: String,
    /// What is wrong.
    pub why: String,
}

fn environment<'a>() -> Environment<'a> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_fuel(Some(FUEL));
    // Its marks are the usual ones, so that this cannot fail.
    if let Ok(syntax) = SyntaxConfig::builder().keep_trailing_newline(true).build() {
        environment.set_syntax(syntax);
    }
    environment
}

fn error(text: &str, error: &minijinja::Error) -> ExprError {
    let short: String = text.chars().take(80).collect();
    let why = match error.kind() {
        minijinja::ErrorKind::UndefinedError => "names something that is not there".to_owned(),
        minijinja::ErrorKind::OutOfFuel => "takes too long".to_owned(),
        kind => match error.detail() {
            Some(detail) => format!("is not understood: {detail}"),
            None => format!("is not understood: {kind}"),
        },
    };
    ExprError { text: short, why }
}

fn references(names: impl IntoIterator<Item = String>) -> BTreeSet<Reference> {
    let reference = |name: String| {
        let mut parts = name.splitn(3, '.').map(str::to_owned);
        Reference { root: parts.next().unwrap_or_default(), name: parts.next(), field: parts.next() }
    };
    names.into_iter().map(reference).collect()
}

impl Template {
    /// A text that is made by us.
    pub fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), span: 0..0 }
    }

    /// Whether nothing is filled in.
    pub fn is_plain(&self) -> bool {
        !self.text.contains("{{") && !self.text.contains("{%") && !self.text.contains("{#")
    }

    /// The text with everything filled in from `scope`.
    pub fn render(&self, scope: &Value) -> Result<String, ExprError> {
        if self.is_plain() {
            return Ok(self.text.clone());
        }
        let rendered = environment()
            .render_str(&self.text, Serde(scope))
            .map_err(|source| error(&self.text, &source))?;
        match rendered.len() > TEXT_MAX_BYTES {
            true => Err(ExprError {
                text: self.text.chars().take(80).collect(),
                why: "becomes too long a text".into(),
            }),
            false => Ok(rendered),
        }
    }

    /// The same as far as it is known; what is not known yet stays as it was written.
    pub fn preview(&self, scope: &Value) -> String {
        self.render(scope).unwrap_or_else(|_| {
            let mut shown = String::new();
            let mut rest = self.text.as_str();
            while let Some((before, after)) = rest.split_once("{{") {
                let Some((inside, behind)) = after.split_once("}}") else { break };
                let part = format!("{{{{{inside}}}}}");
                shown.push_str(before);
                shown.push_str(&Self::of(part.as_str()).render(scope).unwrap_or(part));
                rest = behind;
            }
            shown + rest
        })
    }

    /// Every name that it refers to.
    pub fn references(&self) -> Result<BTreeSet<Reference>, ExprError> {
        if self.is_plain() {
            return Ok(BTreeSet::new());
        }
        let environment = environment();
        let template =
            environment.template_from_str(&self.text).map_err(|source| error(&self.text, &source))?;
        Ok(references(template.undeclared_variables(true)))
    }
}

impl Expression {
    /// Whether it holds in `scope`. Only `true` and `false` are answers.
    pub fn holds(&self, scope: &Value) -> Result<bool, ExprError> {
        let environment = environment();
        let fail = |source: minijinja::Error| error(&self.text, &source);
        let compiled = environment.compile_expression(&self.text).map_err(fail)?;
        let value = compiled.eval(Serde(scope)).map_err(fail)?;
        bool::try_from(value.clone()).map_err(|_| ExprError {
            text: self.text.chars().take(80).collect(),
            why: format!("is neither true nor false but {value}"),
        })
    }

    /// Every name that it refers to.
    pub fn references(&self) -> Result<BTreeSet<Reference>, ExprError> {
        let environment = environment();
        let compiled =
            environment.compile_expression(&self.text).map_err(|source| error(&self.text, &source))?;
        Ok(references(compiled.undeclared_variables(true)))
    }

    /// What it always comes to, where it refers to nothing.
    pub fn constant(&self) -> Option<bool> {
        let is_constant = self.references().is_ok_and(|references| references.is_empty());
        if is_constant { self.holds(&Value::Null).ok() } else { None }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Expression, Template};

    fn expression(text: &str) -> Expression {
        Expression { text: text.into(), span: 0..0 }
    }

    #[test]
    fn texts_are_filled_in_and_missing_names_are_errors() {
        let scope = json!({"inputs": {"site": "a'b; rm -rf /"}, "steps": {"x": {"output": {"id": 7}}}});
        let text = Template::of("{{ inputs.site }} and {{ steps.x.output.id }}\n");
        assert_eq!(text.render(&scope).unwrap(), "a'b; rm -rf / and 7\n");
        let missing = Template::of("{{ inputs.sit }}").render(&scope).unwrap_err();
        assert!(missing.to_string().contains("not there"), "{missing}");
        assert!(Template::of("{{ inputs.").render(&scope).is_err());
        assert!(Template::of("{% include 'x' %}").render(&scope).is_err());
        let partly = Template::of("{{ steps.x.output.id }}, {{ steps.y.output }}!").preview(&scope);
        assert_eq!(partly, "7, {{ steps.y.output }}!");
    }

    #[test]
    fn conditions_are_true_or_false_and_nothing_between() {
        let scope = json!({"inputs": {"n": 3, "go": true}, "steps": {"pick": {"output": "all"}}});
        for (text, holds) in [
            ("inputs.n > 2 and inputs.go", true),
            ("steps.pick.output == 'none'", false),
            ("not inputs.go or steps.pick.output in ['all', 'some']", true),
        ] {
            assert_eq!(expression(text).holds(&scope), Ok(holds), "{text}");
        }
        for text in ["inputs.n +", "inputs.missing == 1", "1 / 0 == 1"] {
            assert!(expression(text).holds(&scope).is_err(), "{text}");
        }
        assert_eq!(expression("1 == 2").constant(), Some(false));
        assert_eq!(expression("inputs.go").constant(), None);
    }

    #[test]
    fn work_is_bounded() {
        let long =
            Template::of("{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}");
        assert!(long.render(&json!({})).unwrap_err().to_string().contains("too long"));
        assert!(Template::of("{{ 'x' * 2000000 }}").render(&json!({})).is_err());
    }

    #[test]
    fn every_reference_is_told() {
        let found = Template::of("{{ steps.a.output.b }} {{ vars.x }}").references().unwrap();
        let shown: Vec<_> =
            found.iter().map(|r| (r.root.as_str(), r.name.as_deref(), r.field.as_deref())).collect();
        assert_eq!(shown, [("steps", Some("a"), Some("output.b")), ("vars", Some("x"), None)]);
        assert!(Template::of("plain { brace }").references().unwrap().is_empty());
    }
}
