//! A damaged repository: what is lost is named, what is whole comes back, nothing comes back wrong.

use super::world::{Place, World, noise};
use crate::base::error_kind::ErrorKind;
use crate::restore::options::Overwrite;
use crate::restore::summary::RestoreSummary;

fn lost(summary: &RestoreSummary) -> Vec<&str> {
    summary.failed.iter().map(|failure| failure.path.as_str()).collect()
}

#[test]
fn a_damaged_block_loses_its_files_alone_and_leaves_no_half_file() {
    let mut world = World::default();
    let files: Vec<_> = (0..30u8).map(|n| world.file(&format!("f{n:02}"), &noise(90_000, n))).collect();
    let id = files[10].chunks.ids[3];
    let origin = world.origin(files.clone());
    world.damage_chunk(&id);
    for place in [Place::new(), Place::distant()] {
        let summary = world.restore(&origin, &place.options).unwrap();
        assert_eq!(summary.kind(), Some(ErrorKind::Damage));
        let lost = lost(&summary);
        assert!(lost.contains(&"/f10") && lost.len() <= 3, "{lost:?}");
        for n in 0..30u8 {
            let name = format!("f{n:02}");
            match lost.contains(&format!("/{name}").as_str()) {
                true => assert!(!place.has(&name), "{name} is half there"),
                false => assert_eq!(place.read(&name), noise(90_000, n)),
            }
        }
        assert_eq!(summary.files as usize, 30 - lost.len());
    }
}

#[test]
fn a_missing_pack_and_a_missing_chunk_lose_only_what_they_held() {
    let mut world = World::default();
    let files: Vec<_> = (0..20u8).map(|n| world.file(&format!("f{n:02}"), &noise(90_000, n))).collect();
    let last = files[19].chunks.ids[0];
    let origin = world.origin(files);
    world.gone.insert(1);
    world.forget_chunk(&last);
    for place in [Place::new(), Place::distant()] {
        let summary = world.restore(&origin, &place.options).unwrap();
        assert_eq!(summary.kind(), Some(ErrorKind::Damage));
        let lost = lost(&summary);
        assert!(lost.contains(&"/f19") && lost.len() > 3 && lost.len() < 15, "{lost:?}");
        for n in 0..20u8 {
            let name = format!("f{n:02}");
            assert_eq!(place.has(&name), !lost.contains(&format!("/{name}").as_str()));
        }
    }
}

#[test]
fn a_chunk_swapped_for_another_is_never_written() {
    let mut world = World::default();
    let (one, two) = (world.file("one", &noise(1000, 1)), world.file("two", &noise(1000, 2)));
    let (first, second) = (one.chunks.ids[0], two.chunks.ids[0]);
    let third = world.file("third", b"third");
    let origin = world.origin(vec![one, two, third]);
    world.swap_chunks(&first, &second);
    for place in [Place::new(), Place::distant()] {
        let summary = world.restore(&origin, &place.options).unwrap();
        assert_eq!(lost(&summary), ["/one", "/two"]);
        assert_eq!(place.names(), ["third"]);
    }
}

#[test]
fn a_file_that_cannot_be_brought_up_to_date_stays_as_it_was() {
    let mut world = World::default();
    let data = noise(500_000, 1);
    let file = world.file("f", &data);
    let id = file.chunks.ids[5];
    let origin = world.origin(vec![file]);
    world.damage_chunk(&id);
    let place = Place::new();
    let old = noise(500_000, 2);
    place.put("f", &old);
    let summary = world.restore(&origin, &place.options).unwrap();
    assert_eq!(lost(&summary), ["/f"]);
    assert_eq!(place.read("f"), old);
    assert_eq!(place.names(), ["f"]);
}

#[test]
fn a_large_file_half_changed_in_place_does_not_keep_its_name() {
    let mut world = World::default();
    let data = noise(20 << 20, 1);
    let file = world.file("f", &data);
    let origin = world.origin(vec![file]);
    world.lose_last_pack();
    let place = Place::new();
    let mut old = data.clone();
    old[0] ^= 1;
    let end = old.len() - 1;
    old[end] ^= 1;
    place.put("f", &old);
    let mut options = place.options.clone();
    options.overwrite = Overwrite::Always;
    options.workers = 1;
    let summary = world.restore(&origin, &options).unwrap();
    assert_eq!(lost(&summary), ["/f"]);
    let names = place.names();
    assert!(names.len() == 1 && names[0].starts_with(".lifeboat-incomplete-"), "{names:?}");
}
