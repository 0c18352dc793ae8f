//! One practice broken at a time in the generated files, and found by its id.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use crate::product::{Break, Product};
use crate::stand::{SIMPLE, Stand, probe};

/// How many run side by side: they mostly wait.
const LANES: usize = 3;

/// Every break of the product is found. Those that only waiting shows are left to `cargo xtask matrix`.
pub(crate) fn check(product: &Product) {
    let waits_too = std::env::var("GENERATED_PROFILE").is_ok_and(|profile| profile == "standard");
    let breaks = product.breaks.iter().filter(|one| waits_too || !one.waits);
    let queue: Mutex<Vec<&Break>> = Mutex::new(breaks.rev().collect());
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..LANES {
            scope.spawn(|| {
                // A probe for each lane: what one check does to its instances must not meet another.
                let probe = probe();
                let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop();
                while let Some(one) = next() {
                    let instances = probe.addresses();
                    let said = catch_unwind(AssertUnwindSafe(|| find(product, one, instances)))
                        .unwrap_or_else(|_| Some("it did not run; see above".into()));
                    if let Some(said) = said {
                        let said = format!("{}: {said}", one.practice);
                        wrong
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .push(said);
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap_or_else(PoisonError::into_inner);
    assert!(
        wrong.is_empty(),
        "{}: broken and not found:\n{}",
        product.name,
        wrong.join("\n")
    );
}

/// Why the check did not find it, if so.
fn find(product: &Product, one: &Break, instances: &[std::net::SocketAddr]) -> Option<String> {
    let stand = Stand::start(product, SIMPLE, instances, "/mcp", Some(one));
    let profile = if one.waits { "standard" } else { "quick" };
    let judgement = stand.judge("/mcp", profile, &[one.practice]);
    if let Some(trouble) = judgement.trouble {
        return Some(format!("{trouble}\n{}", stand.output()));
    }
    let found = judgement.failed().contains(&one.practice);
    (!found).then(|| {
        let row = judgement.rows.get(one.practice);
        let verdict = row.map_or("absent", |row| row.verdict.as_str());
        format!(
            "{verdict}: {}\n{}",
            judgement.text(one.practice),
            stand.output()
        )
    })
}
