//! The text that Prometheus reads.

use super::Histogram;
use std::fmt::{Display, Write as _};
use tollgate_api::go_format::quote;

/// A page of metrics.
#[derive(Debug, Default)]
pub struct Page(String);

impl Page {
    /// Begins a metric; its samples follow.
    pub fn begin(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    /// One sample.
    pub fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        self.labels(labels, None);
        let _ = writeln!(self.0, " {value}");
    }

    /// The samples of a histogram.
    pub fn histogram(&mut self, name: &str, labels: &[(&str, &str)], histogram: &Histogram) {
        let mut all = 0;
        for (bound, count) in histogram.counts() {
            let _ = write!(self.0, "{name}_bucket");
            self.labels(labels, Some(bound));
            let _ = writeln!(self.0, " {count}");
            all = count;
        }
        let _ = write!(self.0, "{name}_sum");
        self.labels(labels, None);
        let _ = write!(self.0, " {}\n{name}_count", histogram.sum());
        self.labels(labels, None);
        let _ = writeln!(self.0, " {all}");
    }

    fn labels(&mut self, labels: &[(&str, &str)], bound: Option<&str>) {
        let bound = bound.map(|bound| ("le", bound));
        let mut labels = labels.iter().copied().chain(bound).peekable();
        if labels.peek().is_none() {
            return;
        }
        let mut mark = '{';
        for (name, text) in labels {
            let _ = write!(self.0, "{mark}{name}={}", quote(text));
            mark = ',';
        }
        self.0.push('}');
    }

    /// The whole text.
    pub fn into_text(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn histograms_read_as_prometheus_wants_them() {
        let histogram = Histogram::new(&[(0.5, "0.5"), (1e6, "1e+06")]);
        histogram.observe(Duration::from_millis(500));
        histogram.observe(Duration::from_secs(2));
        let mut page = Page::default();
        page.begin("x", "histogram", "Some.");
        page.histogram("x", &[("a", "b\"")], &histogram);
        page.sample("y", &[], 3);
        assert_eq!(
            page.into_text(),
            "# HELP x Some.\n# TYPE x histogram\nx_bucket{a=\"b\\\"\",le=\"0.5\"} 1\nx_bucket{a=\"b\\\"\",le=\"1e+06\"} 2\nx_bucket{a=\"b\\\"\",le=\"+Inf\"} 2\nx_sum{a=\"b\\\"\"} 2.5\nx_count{a=\"b\\\"\"} 2\ny 3\n"
        );
    }

    #[test]
    fn sizes_are_summed_up_as_they_are() {
        let histogram = Histogram::new(&[(1000.0, "1000")]);
        histogram.observe_size(1000);
        histogram.observe_size(1001);
        assert_eq!(histogram.counts().last(), Some(("+Inf", 2)));
        assert_eq!(histogram.counts().next(), Some(("1000", 1)));
        assert!((histogram.sum() - 2001.0).abs() < f64::EPSILON);
    }
}
