//! What a dialect writes, and what it could not say.

/// Everything that came of one description for one product.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Emission {
    /// The files, in the order a reader would want them.
    pub files: Vec<File>,
    /// What the product does not hold, or only partly, sorted by practice.
    pub gaps: Vec<Gap>,
    /// Settings of the description that the product has no counterpart for.
    pub warnings: Vec<Warning>,
}

/// One file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Relative, with `/` between its parts.
    pub path: String,
    /// Ends with a line feed.
    pub text: String,
    /// Whether it is meant to be run.
    pub is_executable: bool,
}

/// A practice that does not hold with these files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Its id.
    pub practice: &'static str,
    /// Whether a part of it holds.
    pub is_partial: bool,
    /// What a user will meet, in one sentence.
    pub consequence: String,
    /// What to do about it.
    pub way_out: String,
}

/// A setting that is not in the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Its key as the file has it: `upstreams.weather.pool.eject`.
    pub setting: String,
    /// What holds instead, in one sentence.
    pub why: String,
}

impl Emission {
    /// Adds a file.
    pub fn file(&mut self, path: impl Into<String>, text: String) {
        self.files.push(File {
            path: path.into(),
            text,
            is_executable: false,
        });
    }

    /// Adds a file that is meant to be run.
    pub fn program(&mut self, path: impl Into<String>, text: String) {
        self.files.push(File {
            path: path.into(),
            text,
            is_executable: true,
        });
    }

    /// Strikes out a gap that this deployment does not meet.
    pub fn close(&mut self, practice: &str) {
        self.gaps.retain(|gap| gap.practice != practice);
    }

    /// Puts a gap in place, over what the coverage says of that practice in general.
    pub fn open(&mut self, gap: Gap) {
        debug_assert!(propylon_practices::find(gap.practice).is_some());
        self.close(gap.practice);
        let at = self
            .gaps
            .partition_point(|other| other.practice < gap.practice);
        self.gaps.insert(at, gap);
    }

    /// Says that a setting is not in the files.
    pub fn warn(&mut self, setting: impl Into<String>, why: impl Into<String>) {
        self.warnings.push(Warning {
            setting: setting.into(),
            why: why.into(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_stay_sorted_and_single() {
        let mut emission = Emission::default();
        let gap = |practice| Gap {
            practice,
            is_partial: false,
            consequence: String::new(),
            way_out: String::new(),
        };
        for practice in ["task-scattered", "sse-buffered", "task-scattered"] {
            emission.open(gap(practice));
        }
        let ids: Vec<_> = emission.gaps.iter().map(|gap| gap.practice).collect();
        assert_eq!(ids, ["sse-buffered", "task-scattered"]);
        emission.close("sse-buffered");
        assert_eq!(emission.gaps.len(), 1);
    }
}
