//! What a product's file here must agree on with the coverage of its target.

use propylon_dialects::State;
use propylon_practices::find;

use crate::product::Product;

/// Every practice that a line holds and the check can see is broken once, or says why it cannot be.
pub(crate) fn check(product: &Product) {
    let target = propylon_dialects::find(product.target).expect("a target of that name");
    let broken = |id: &str| product.breaks.iter().any(|one| one.practice == id);
    let excused = |id: &str| product.unbroken.iter().any(|(excused, _)| *excused == id);
    let held = target.coverage.iter().filter(|row| {
        row.state == State::Held && find(row.practice).is_some_and(|each| each.seen.is_outside())
    });
    let missing: Vec<&str> = held
        .map(|row| row.practice)
        .filter(|id| !broken(id) && !excused(id))
        .collect();
    let name = product.name;
    assert!(missing.is_empty(), "{name}: nothing breaks {missing:?}");
    for (id, why) in product.unbroken.iter().chain(product.unseen) {
        assert!(find(id).is_some() && !why.is_empty(), "{name}: {id}");
    }
    for one in product.breaks {
        assert!(find(one.practice).is_some(), "{name}: {}", one.practice);
        assert!(!excused(one.practice), "{name}: {} is broken", one.practice);
    }
}
