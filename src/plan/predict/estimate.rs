//! From observations to a bar.
//!
//! The logarithm of a step's time is a line over the logarithm of its *nominal* time, what its load would
//! take on a plain machine: the machine's speed moves the line, and how well it bears many small files
//! tilts it. The line and the scatter around it are learnt by Bayesian linear regression with the conjugate
//! normal-inverse-gamma prior (Gelman et al., Bayesian Data Analysis, 3rd edition, §14), whose prediction
//! is a Student t distribution: with no past runs it is as wide as our ignorance, and narrows as they come.
//! What was observed elsewhere counts as a third of a run. Only the newest runs count, so that it follows a
//! machine that changes.

use crate::plan::forecast::Estimate;
use crate::plan::predict::observation::{Load, Observation};

/// Observations of one method that count: the newest.
const NEWEST: usize = 64;
/// The weight of what was observed between other places.
const ELSEWHERE: f64 = 0.3;
/// Seconds of a bar that stand for what clocks and schedulers do to short steps.
const JITTER_SECONDS: f64 = 0.1;
/// What a plain machine does in a second, and what it takes for an entry and a request.
const BYTES_PER_SECOND: f64 = 150e6;
const LOADED_BYTES_PER_SECOND: f64 = 20e6;
const ENTRY_SECONDS: f64 = 60e-6;
const REQUEST_SECONDS: f64 = 1e-3;
const START_SECONDS: f64 = 0.02;
/// The prior's standard deviations: of the line's height (a factor of 8 either way at two of them), where
/// nothing and where something was measured, and of its tilt.
const HEIGHT_DEVIATION: f64 = 1.05;
const MEASURED_DEVIATION: f64 = 0.5;
const TILT_DEVIATION: f64 = 0.15;
/// The scatter that is expected before any was seen, and how many observations that belief is worth.
const SCATTER: f64 = 0.25;
const SCATTER_WORTH: f64 = 4.0;
/// The quantile of the normal distribution that leaves 2.5 % above it.
const NORMAL_QUANTILE: f64 = 1.959_964;

/// What is known before any step was observed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Prior {
    /// How many times slower than a plain machine this one was found by a short measurement.
    pub measured: Option<f64>,
}

/// How long a step of `method` between `place` with this `load` will take.
pub fn estimate(seen: &[Observation], method: &str, place: &str, load: Load, prior: Prior) -> Estimate {
    let newest: Vec<&Observation> =
        seen.iter().rev().filter(|one| one.method == method && one.seconds > 0.0).take(NEWEST).collect();
    let here = newest.iter().filter(|one| one.place == place).count();
    let nominal = nominal(method, load);
    let mut fit = Fit::new(prior.measured);
    for one in &newest {
        let weight = if one.place == place { 1.0 } else { ELSEWHERE };
        let x = nominal_of(method, one).ln();
        fit.add(x, one.seconds.ln() - x, weight);
    }
    let (middle, deviation, freedom) = fit.predict(nominal.ln());
    let reach = student_quantile(freedom) * deviation;
    let middle = nominal.ln() + middle;
    let basis = match (here, newest.len() - here, prior.measured) {
        (0, 0, Some(_)) => "a short measurement".to_owned(),
        (0, 0, None) => "no past runs".to_owned(),
        (0, others, _) => format!("{} elsewhere", runs(others)),
        (here, _, _) => runs(here),
    };
    Estimate {
        low_seconds: ((middle - reach).exp() - JITTER_SECONDS).max(0.0),
        expected_seconds: middle.exp(),
        high_seconds: (middle + reach).exp() + JITTER_SECONDS,
        basis,
    }
}

fn runs(count: usize) -> String {
    match count {
        1 => "1 past run".to_owned(),
        count => format!("{count} past runs"),
    }
}

/// What the load takes on a plain machine, in seconds.
pub fn nominal(method: &str, load: Load) -> f64 {
    let start = match method {
        "files" | "verify-checksum" => START_SECONDS,
        "partition" => 3.0,
        "mkfs" => 2.0,
        "converge-install" => 120.0,
        "initramfs" => 30.0,
        "boot-loader" => 10.0,
        "database-server" => 3.0,
        _ => 0.5,
    };
    let speed = if method == "database-load" { LOADED_BYTES_PER_SECOND } else { BYTES_PER_SECOND };
    start
        + load.bytes as f64 / speed
        + load.entries as f64 * ENTRY_SECONDS
        + load.requests as f64 * REQUEST_SECONDS
}

fn nominal_of(method: &str, one: &Observation) -> f64 {
    nominal(method, one.load)
}

/// The regression: y = height + tilt · x, kept as precision matrix and its product with the mean.
struct Fit {
    precision: [[f64; 2]; 2],
    product: [f64; 2],
    /// Twice the shape of the scatter's distribution: degrees of freedom.
    freedom: f64,
    /// Sum of squares so far, in the form that does not need the mean.
    squares: f64,
    prior_mean: f64,
}

impl Fit {
    fn new(measured: Option<f64>) -> Self {
        let height = measured.filter(|factor| *factor > 0.0).map_or(0.0, f64::ln);
        let spread = if measured.is_some() { MEASURED_DEVIATION } else { HEIGHT_DEVIATION };
        let variance = SCATTER * SCATTER;
        let (a, b) = (variance / (spread * spread), variance / (TILT_DEVIATION * TILT_DEVIATION));
        Self {
            precision: [[a, 0.0], [0.0, b]],
            product: [a * height, 0.0],
            freedom: SCATTER_WORTH,
            squares: SCATTER_WORTH * variance + a * height * height,
            prior_mean: height,
        }
    }

    fn add(&mut self, x: f64, y: f64, weight: f64) {
        let row = [1.0, x];
        for i in 0..2 {
            for j in 0..2 {
                self.precision[i][j] += weight * row[i] * row[j];
            }
            self.product[i] += weight * row[i] * y;
        }
        self.squares += weight * y * y;
        self.freedom += weight;
    }

    /// Middle and scale of what is predicted at `x`, and its degrees of freedom.
    fn predict(&self, x: f64) -> (f64, f64, f64) {
        let [[a, b], [_, d]] = self.precision;
        let determinant = a * d - b * b;
        if determinant <= f64::EPSILON {
            return (self.prior_mean, HEIGHT_DEVIATION, SCATTER_WORTH);
        }
        let [p, q] = self.product;
        let mean = [(d * p - b * q) / determinant, (a * q - b * p) / determinant];
        let left = (self.squares - mean[0] * p - mean[1] * q).max(0.0);
        let variance = left / self.freedom;
        let leverage = (d - 2.0 * b * x + a * x * x) / determinant;
        (mean[0] + mean[1] * x, (variance * (1.0 + leverage)).sqrt(), self.freedom)
    }
}

/// The quantile of Student's t distribution that leaves 2.5 % above it: the Cornish-Fisher expansion
/// (Abramowitz and Stegun 26.7.5), good to half a percent from four degrees of freedom on.
fn student_quantile(freedom: f64) -> f64 {
    let z = NORMAL_QUANTILE;
    let (z3, z5, z7) = (z.powi(3), z.powi(5), z.powi(7));
    z + (z3 + z) / (4.0 * freedom)
        + (5.0 * z5 + 16.0 * z3 + 3.0 * z) / (96.0 * freedom.powi(2))
        + (3.0 * z7 + 19.0 * z5 + 17.0 * z3 - 15.0 * z) / (384.0 * freedom.powi(3))
}
