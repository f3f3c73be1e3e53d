//! Rules against paths and real directories.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::*;
use crate::sys::dir::scan;

const SIGNATURE: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n# made by a test\n";

fn filter(change: impl FnOnce(&mut FilterOptions)) -> Filter {
    let mut options = FilterOptions::default();
    change(&mut options);
    Filter::new(options).unwrap()
}

fn excludes(patterns: &[&str]) -> Filter {
    filter(|options| options.exclude = patterns.iter().map(|pattern| pattern.to_string()).collect())
}

/// Makes one file.
type Fill = fn(&Path);

/// A directory to hand in where only paths matter, and an entry of each kind in it.
struct Scene {
    _dir: tempfile::TempDir,
    handle: DirHandle,
    path: Vec<u8>,
    listing: Listing,
}

impl Scene {
    fn of(fill: impl FnOnce(&Path)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path());
        let handle = DirHandle::open_root(dir.path()).unwrap();
        let path = dir.path().as_os_str().as_bytes().to_vec();
        let listing = scan(&handle).unwrap();
        Self { _dir: dir, handle, path, listing }
    }

    fn plain() -> Self {
        Self::of(|dir| {
            fs::create_dir(dir.join("dir")).unwrap();
            fs::write(dir.join("file"), b"0123456789").unwrap();
        })
    }

    fn listed(&self, name: &str) -> &Listed {
        self.listing.entries.iter().find(|listed| listed.name == name.as_bytes()).unwrap()
    }

    fn stat(&self) -> Stat {
        self.handle.stat().unwrap()
    }

    fn enter(&self, filter: &Filter) -> Entered {
        filter.root(&self.path, &self.stat()).enter(&self.handle, &self.path, &self.listing)
    }

    /// Judges `path`, a directory's if it ends in `/`, under rules that begin at `source`.
    fn judge_path(&self, filter: &Filter, source: &[u8], path: &[u8]) -> Option<Reason> {
        let (path, like) = match path.strip_suffix(b"/") {
            Some(path) => (path, "dir"),
            None => (path, "file"),
        };
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap().to_vec();
        let listed = Listed { name, stat: self.listed(like).stat.clone() };
        filter.root(source, &self.stat()).judge(&self.handle, path, &listed)
    }

    /// The names left out by `entered`.
    fn left_out(&self, entered: &Entered) -> Vec<String> {
        let judged = self.listing.entries.iter().filter(|listed| {
            let path = [&self.path[..], b"/", &listed.name].concat();
            entered.filter.judge(&self.handle, &path, listed).is_some()
        });
        judged.map(|listed| String::from_utf8_lossy(&listed.name).into_owned()).collect()
    }
}

#[test]
fn patterns_given_with_the_job_follow_gitignore_with_absolute_ones_at_the_root() {
    let scene = Scene::plain();
    #[rustfmt::skip]
    let cases: &[(&[&str], &str, bool)] = &[
        // Names match at any depth, and whole names only.
        (&["*.o"], "/a/b.o", true), (&["*.o"], "/b.o", true), (&["*.o"], "/a/b.op", false),
        (&["core"], "/x/core", true), (&["core"], "/x/core2", false), (&["core"], "/x/y/score", false),
        (&["f.*"], "/f.", true), (&["*."], "/x/f.", true),
        (&["..*"], "/x/..f", true), (&["*"], "/x/.f", true),
        // A leading slash is the file system's root.
        (&["/home/*/.cache"], "/home/u/.cache", true), (&["/home/*/.cache"], "/home/u/v/.cache", false),
        (&["/home/*/.cache"], "/srv/home/u/.cache", false), (&["/core"], "/core", true),
        (&["/core"], "/x/core", false),
        // Without it, a slash in the middle ties to nothing.
        (&["foo/bar"], "/foo/bar", true), (&["foo/bar"], "/x/y/foo/bar", true),
        (&["foo/bar"], "/x/foo/y/bar", false),
        (&["foo/bar"], "/xfoo/bar", false), (&["foo/*.c"], "/x/foo/a.c", true),
        (&["foo/*.c"], "/x/foo/y/a.c", false),
        // A trailing slash means directories.
        (&["foo/"], "/x/foo/", true), (&["foo/"], "/x/foo", false), (&["/x/foo/"], "/x/foo/", true),
        (&["foo/bar/"], "/x/foo/bar/", true), (&["foo/bar/"], "/x/foo/bar", false),
        (&["foo\\/"], "/foo/", true),
        // Two stars.
        (&["**/foo"], "/foo", true), (&["**/foo"], "/a/b/foo", true), (&["a/**/b"], "/a/b", true),
        (&["a/**/b"], "/x/a/y/z/b", true), (&["a/**/b"], "/ay/b", false), (&["a/**"], "/a/", false),
        (&["a/**"], "/a/x", true), (&["a/**"], "/q/a/x/y", true),
        (&["/a/**"], "/b/a/x", false), (&["**"], "/a", true),
        (&["/**/x"], "/x", true), (&["a**b"], "/axyb", true),
        (&["a**b"], "/a/b", false), (&["**/"], "/a/", true),
        (&["**/"], "/a", false),
        (&["a/***/b"], "/a/x/y/b", true), (&["\\***/b"], "/*x/b", true), (&["\\***/b"], "/x/b", false),
        // The last match decides.
        (&["*.o", "!keep.o"], "/keep.o", false), (&["*.o", "!keep.o"], "/x.o", true),
        (&["!keep.o", "*.o"], "/keep.o", true), (&["*", "!*/"], "/a/", false), (&["*", "!*/"], "/a", true),
        (&["x", "!x/"], "/x", true), (&["*.log", "!*.log", "a.log"], "/a.log", true),
        // Escapes.
        (&["\\!a"], "/!a", true), (&["\\#a"], "/#a", true), (&["#a"], "/#a", true), (&["a\\*"], "/a*", true),
        (&["a\\*"], "/ab", false), (&["a\\ "], "/a ", true),
        (&["a\\b"], "/ab", true), (&["\\\\"], "/\\", true),
        // Single characters and classes.
        (&["a?c"], "/abc", true), (&["a?c"], "/a/c", false),
        (&["[a-c]x"], "/bx", true), (&["[a-c]x"], "/dx", false),
        (&["[!a-c]x"], "/dx", true), (&["[^a-c]x"], "/bx", false),
        (&["a[!b]c"], "/a/c", false), (&["a[+-9]c"], "/a/c", false),
        (&["[]a]"], "/]", true), (&["[a\\]]"], "/]", true),
        (&["[!]a]"], "/]", false), (&["[!]a]"], "/b", true),
        (&["[a-]"], "/-", true), (&["[-a]"], "/-", true), (&["[!-]"], "/-", false), (&["[a!]"], "/!", true),
        (&["[\\!]"], "/!", true), (&["[\\!^]"], "/^", true),
        (&["[\\!^-]"], "/-", true), (&["[\\!^]"], "/a", false),
        (&["[[:digit:]x]"], "/7", true), (&["[[:digit:]x]"], "/x", true), (&["[[:digit:]x]"], "/d", false),
        (&["[![:space:]]"], "/ ", false), (&["[[:upper:]]"], "/a", false), (&["[[:a]"], "/:", true),
        (&["[äö]x"], "/öx", true), (&["[a-cä]x"], "/bx", true),
        (&["[ä-ö]x"], "/åx", true), (&["[äö]x"], "/üx", false),
        (&["[abc"], "/[abc", true), (&["[abc"], "/a", false),
        // Braces and commas are nothing special in gitignore.
        (&["{a,b}"], "/a", false), (&["{a,b}"], "/{a,b}", true), (&["{"], "/{", true), (&["a}"], "/a}", true),
        (&["[{]"], "/{", true), (&["a,b"], "/a,b", true),
    ];
    for (patterns, path, expected) in cases {
        let found = scene.judge_path(&excludes(patterns), b"/", path.as_bytes());
        assert_eq!(found.is_some(), *expected, "{patterns:?} on {path}: {found:?}");
    }
}

#[test]
fn names_that_are_no_text_are_matched_byte_by_byte() {
    let scene = Scene::plain();
    let cases: &[(&str, &[u8], bool)] = &[
        ("*.o", b"/\xff\xfe.o", true),
        ("a?c", b"/a\xffc", true),
        ("a?c", "/aüc".as_bytes(), false),
        ("a*c", b"/x\xc3/a\xc3c", true),
        ("ü", b"/\xc3\xbc", true),
        ("ü", b"/\xc3", false),
        ("[!a]", b"/\x80", true),
        ("/\u{fffd}", b"/\xff", false),
        ("dir/*", b"/\xff/dir/\xfe\n", true),
    ];
    for (pattern, path, expected) in cases {
        let found = scene.judge_path(&excludes(&[pattern]), b"/", path);
        assert_eq!(found.is_some(), *expected, "{pattern} on {}", show_path(path));
    }
}

#[test]
fn a_reason_names_the_pattern_as_written_and_where_it_stands() {
    let scene = Scene::plain();
    let contents = "\u{feff}*.a\r\n# comment\n\n*.tmp  \nkept\\ \n".to_owned();
    let filter = filter(|options| {
        options.exclude = vec!["{x}".to_owned()];
        options.iexclude = vec!["*.ISO".to_owned()];
        options.exclude_files = vec![("/etc/skip".into(), contents)];
    });
    let reason = |path: &[u8]| scene.judge_path(&filter, b"/", path).map(|reason| reason.to_string());
    assert_eq!(reason(b"/a/{x}").unwrap(), "matches {x} (exclude)");
    assert_eq!(reason(b"/a/b.iso").unwrap(), "matches *.ISO (iexclude)");
    assert_eq!(reason(b"/a/b.a").unwrap(), "matches *.a (/etc/skip:1)");
    assert_eq!(reason(b"/a/b.tmp").unwrap(), "matches *.tmp (/etc/skip:4)");
    assert_eq!(reason(b"/kept ").unwrap(), "matches kept\\\\  (/etc/skip:5)");
    assert_eq!((reason(b"/kept"), reason(b"/# comment"), reason(b"/")), (None, None, None));
}

#[test]
fn later_files_beat_earlier_ones_and_those_beat_the_jobs_patterns() {
    let scene = Scene::plain();
    let with_files = |files: &[&str]| {
        let files: Vec<_> = files.iter().map(|contents| ("f".into(), contents.to_string())).collect();
        filter(|options| {
            options.exclude = vec!["*.x".to_owned()];
            options.exclude_files = files;
        })
    };
    let taken = |files: &[&str]| scene.judge_path(&with_files(files), b"/", b"/a.x").is_none();
    assert!(!taken(&[]));
    assert!(taken(&["!a.x"]));
    assert!(!taken(&["!a.x", "a.*"]));
    assert!(taken(&["a.*", "!a.x"]));
}

#[test]
fn ignoring_case_is_for_iexclude_alone_and_goes_beyond_ascii() {
    let scene = Scene::plain();
    let patterns = ["*.jpg", "GRÖẞE", "[a-c]1", "straße"];
    let ignoring = filter(|options| options.iexclude = patterns.map(str::to_owned).to_vec());
    let exact = excludes(&patterns);
    for path in ["/A.JPG", "/größe", "/GRÖße", "/B1", "/STRAßE"] {
        assert!(scene.judge_path(&ignoring, b"/", path.as_bytes()).is_some(), "{path}");
        assert!(scene.judge_path(&exact, b"/", path.as_bytes()).is_none(), "{path}");
    }
    assert!(scene.judge_path(&ignoring, b"/", "/strasse".as_bytes()).is_none());
}

#[test]
fn absolute_patterns_mean_nothing_to_a_relative_source() {
    let scene = Scene::plain();
    let filter = excludes(&["/home/x", "*.o", "!/keep.o"]);
    let judge = |source: &[u8], path: &[u8]| scene.judge_path(&filter, source, path).is_some();
    assert!(judge(b"/home", b"/home/x") && judge(b"/", b"/a.o") && !judge(b"/", b"/keep.o"));
    assert!(!judge(b"home", b"home/x") && judge(b".", b"./a.o") && judge(b"home", b"keep.o"));
}

#[test]
fn wrong_patterns_are_refused_by_name_and_place() {
    for (pattern, problem) in [
        ("", "names nothing"),
        ("!", "names nothing"),
        ("/", "names nothing"),
        ("!//", "names nothing"),
        ("a\\", "lone backslash"),
        ("a[\\", "lone backslash"),
        ("[z-a]", "backwards"),
        ("[[:wide:]]", "[:wide:]"),
        ("[!ä]", "ASCII"),
        ("[/]", "matches nothing"),
        ("[a-\u{10ffff}]", "too wide"),
    ] {
        let options = FilterOptions { exclude: vec![pattern.to_owned()], ..FilterOptions::default() };
        let error = Filter::new(options).unwrap_err();
        let text = error.to_string();
        assert!(text.contains(problem) && text.contains("exclude"), "{pattern}: {text}");
        assert_eq!(error.kind().exit_status(), 2);
    }
    let files = vec![("list".into(), "ok\n\n[z-a]\n".to_owned())];
    let error = Filter::new(FilterOptions { exclude_files: files, ..FilterOptions::default() }).unwrap_err();
    assert!(error.to_string().contains("`[z-a]` (list:3)"), "{error}");
    for mark in ["", "a/b", "..", ":x"] {
        let options = FilterOptions { exclude_if_present: vec![mark.to_owned()], ..FilterOptions::default() };
        assert!(matches!(Filter::new(options), Err(FilterError::Mark { .. })), "{mark}");
    }
    for name in ["", "user", "user.", "=x", "a\0.b"] {
        let options = FilterOptions { xattr_names: vec![name.to_owned()], ..FilterOptions::default() };
        assert!(matches!(Filter::new(options), Err(FilterError::Xattr { .. })), "{name}");
    }
}

#[test]
fn patterns_too_big_to_compile_together_are_an_error() {
    let exclude = (0..120).map(|number| format!("{number}{}", "?".repeat(4000))).collect();
    let error = Filter::new(FilterOptions { exclude, ..FilterOptions::default() }).unwrap_err();
    assert!(matches!(error, FilterError::TooMany { .. }), "{error}");
    let exclude = vec!["?".repeat(5000)];
    let error = Filter::new(FilterOptions { exclude, ..FilterOptions::default() }).unwrap_err();
    assert!(error.to_string().contains("longer than 4096 bytes"), "{error}");
}

#[test]
fn an_ignore_file_is_tied_to_its_directory() {
    let scene = Scene::of(|dir| {
        fs::write(dir.join(".lifeboatignore"), "/top\nsub/deep\n*.o\n!keep.o\nd/\n").unwrap();
        for name in ["top", "x.o", "keep.o", "d", "sub"] {
            fs::write(dir.join(name), b"").unwrap();
        }
    });
    let entered = scene.enter(&filter(|_| {}));
    assert_eq!((scene.left_out(&entered), entered.warnings.len()), (vec!["top".into(), "x.o".into()], 0));
    let judge = |below: &str| {
        let path = [&scene.path[..], below.as_bytes()].concat();
        entered.filter.judge(&scene.handle, &path, scene.listed("d")).is_some()
    };
    assert!(judge("/sub/deep") && judge("/a/b/x.o"));
    assert!(!judge("/a/sub/deep") && !judge("/a/top") && !judge("/a/keep.o"));
    let reason = entered.filter.judge(&scene.handle, &[&scene.path[..], b"/top"].concat(), scene.listed("d"));
    let origin = format!("{}/.lifeboatignore:1", show_path(&scene.path));
    assert_eq!(reason, Some(Reason::Pattern { pattern: "/top".into(), origin }));
    let off = scene.enter(&filter(|options| options.ignore_files = false));
    assert!(scene.left_out(&off).is_empty());
}

#[test]
fn a_deeper_ignore_file_beats_a_shallower_one_and_the_job() {
    let outer = Scene::of(|dir| {
        fs::write(dir.join(".lifeboatignore"), "!a.x\n*.y\n").unwrap();
        fs::create_dir(dir.join("in")).unwrap();
        fs::write(dir.join("in/.lifeboatignore"), "a.*\n!a.y\n").unwrap();
        for name in ["a.x", "a.y", "b.x", "b.y", "in/a.x", "in/a.y", "in/b.x", "in/b.y"] {
            fs::write(dir.join(name), b"").unwrap();
        }
    });
    let entered = outer.enter(&excludes(&["*.x"]));
    assert_eq!(outer.left_out(&entered), ["a.y", "b.x", "b.y"]);
    let inner = outer.handle.open_child(b"in").unwrap();
    let (path, listing) = (inner.path(), scan(&inner).unwrap());
    let deeper = entered.filter.enter(&inner, &path, &listing);
    let inner = Scene { _dir: outer._dir, handle: inner, path, listing };
    assert_eq!(inner.left_out(&deeper), ["a.x", "b.x", "b.y"]);
}

#[test]
fn a_bad_ignore_file_is_a_warning_with_its_line_and_the_rest_holds() {
    let scene = Scene::of(|dir| {
        fs::write(dir.join(".lifeboatignore"), b"*.o\n[z-a]\nname\xff\n#\xff\n/\n").unwrap();
        fs::write(dir.join("x.o"), b"").unwrap();
    });
    let entered = scene.enter(&filter(|_| {}));
    assert_eq!(scene.left_out(&entered), ["x.o"]);
    let lines: Vec<bool> = [2, 3, 5]
        .iter()
        .zip(&entered.warnings)
        .map(|(line, warning)| warning.contains(&format!("/.lifeboatignore:{line}: ")))
        .collect();
    assert_eq!((lines, entered.warnings.len()), (vec![true; 3], 3), "{:?}", entered.warnings);
}

#[test]
fn an_ignore_file_that_cannot_be_used_is_a_warning_and_excludes_nothing() {
    let fills: [Fill; 5] = [
        |file| fs::write(file, "*\n".repeat(600_000)).unwrap(),
        |file| fs::write(file, "*\n".repeat(10_001)).unwrap(),
        |file| fs::create_dir(file).unwrap(),
        |file| std::os::unix::fs::symlink("rules", file).unwrap(),
        |file| fs::write(file, ("a*".repeat(100) + "\n").repeat(200)).unwrap(),
    ];
    for (number, fill) in fills.into_iter().enumerate() {
        let scene = Scene::of(|dir| {
            fs::write(dir.join("rules"), "*\n").unwrap();
            fill(&dir.join(".lifeboatignore"));
        });
        let entered = scene.enter(&filter(|_| {}));
        assert!(scene.left_out(&entered).is_empty(), "{number}");
        assert_eq!(entered.warnings.len(), 1, "{number}: {:?}", entered.warnings);
        assert!(entered.warnings[0].contains(".lifeboatignore"), "{:?}", entered.warnings);
    }
}

#[test]
fn warnings_about_one_file_are_bounded() {
    let scene = Scene::of(|dir| fs::write(dir.join(".lifeboatignore"), "[z-a]\n".repeat(5000)).unwrap());
    let warnings = scene.enter(&filter(|_| {})).warnings;
    assert_eq!(warnings.len(), 9);
    assert!(warnings[8].ends_with("4992 more wrong patterns"), "{}", warnings[8]);
}

#[test]
fn only_so_many_levels_of_ignore_files_are_heeded() {
    let scene = Scene::of(|dir| fs::write(dir.join(".lifeboatignore"), "x\n").unwrap());
    let mut filter = filter(|_| {}).root(&scene.path, &scene.stat());
    let mut warned = 0;
    for _ in 0..LAYERS_MAX + 3 {
        let entered = filter.enter(&scene.handle, &scene.path, &scene.listing);
        warned += entered.warnings.len();
        filter = entered.filter;
    }
    assert_eq!((warned, filter.layers.unwrap().depth()), (3, LAYERS_MAX));
}

#[test]
fn a_cache_directory_needs_a_regular_tag_with_the_signature() {
    let fills: [(Fill, bool); 5] = [
        (|tag| fs::write(tag, SIGNATURE).unwrap(), true),
        (|tag| fs::write(tag, &SIGNATURE[..43]).unwrap(), true),
        (|tag| fs::write(tag, &SIGNATURE[..42]).unwrap(), false),
        (|tag| fs::write(tag, [b"x", SIGNATURE].concat()).unwrap(), false),
        (
            |tag| {
                fs::write(tag.with_extension("real"), SIGNATURE).unwrap();
                std::os::unix::fs::symlink("CACHEDIR.real", tag).unwrap();
            },
            false,
        ),
    ];
    for (number, (fill, expected)) in fills.into_iter().enumerate() {
        let scene = Scene::of(|dir| fill(&dir.join("CACHEDIR.TAG")));
        let found = scene.enter(&filter(|options| options.exclude_caches = true)).contents;
        assert_eq!(found, expected.then_some(Reason::CacheDir), "{number}");
        assert!(scene.enter(&filter(|_| {})).contents.is_none(), "{number}");
    }
    assert_eq!(Reason::CacheDir.tag(), Some(&b"CACHEDIR.TAG"[..]));
}

#[test]
fn a_directory_with_a_mark_is_kept_without_its_contents() {
    let scene = Scene::of(|dir| {
        fs::create_dir(dir.join(".git")).unwrap();
        fs::write(dir.join(".skip"), b"yes: please").unwrap();
    });
    for (mark, name) in [
        (".git", Some(".git")),
        (".skip", Some(".skip")),
        (".skip:yes: ", Some(".skip")),
        (".skip:yes: please", Some(".skip")),
        (".skip:no", None),
        (".skip:yes: please!", None),
        (".git:x", None),
        (".hg", None),
    ] {
        let filter = filter(|options| options.exclude_if_present = vec![".no".into(), mark.into()]);
        let entered = scene.enter(&filter);
        assert_eq!(entered.contents, name.map(|name| Reason::Present(name.to_owned())), "{mark}");
        assert_eq!(entered.contents.as_ref().and_then(Reason::tag), name.map(str::as_bytes));
        assert!(entered.warnings.is_empty());
    }
}

#[test]
fn larger_than_is_strict_counts_holes_and_is_about_regular_files() {
    let scene = Scene::of(|dir| {
        fs::write(dir.join("ten"), b"0123456789").unwrap();
        fs::write(dir.join("eleven"), b"0123456789a").unwrap();
        fs::File::create(dir.join("sparse")).unwrap().set_len(1 << 30).unwrap();
        fs::create_dir(dir.join("dir")).unwrap();
        std::os::unix::fs::symlink("a target of many bytes", dir.join("link")).unwrap();
    });
    let entered = scene.enter(&filter(|options| options.larger_than = Some(10)));
    assert_eq!(scene.left_out(&entered), ["eleven", "sparse"]);
}

#[test]
fn nodump_is_heeded_where_asked() {
    let scene = Scene::plain();
    let mut listed = scene.listed("file").clone();
    listed.stat.attributes |= StatxAttributes::NODUMP.bits();
    let judge =
        |filter: &Filter, listed| filter.root(&scene.path, &scene.stat()).judge(&scene.handle, b"/x", listed);
    let asked = filter(|options| options.nodump = true);
    assert_eq!(judge(&asked, &listed), Some(Reason::NoDump));
    assert_eq!(judge(&asked, scene.listed("file")), None);
    assert_eq!(judge(&filter(|_| {}), &listed), None);
}

#[test]
fn attributes_are_looked_up_by_presence_or_value() {
    let scene = Scene::plain();
    let path = scene._dir.path().join("file");
    let flags = rustix::fs::XattrFlags::empty();
    if rustix::fs::setxattr(&path, "user.xdg.robots.backup", b"false", flags).is_err() {
        return; // This file system keeps no attributes.
    }
    for (name, expected) in [
        ("user.xdg.robots.backup", true),
        ("user.xdg.robots.backup=false", true),
        ("user.xdg.robots.backup=true", false),
        ("user.xdg.robots", false),
        ("com.apple.metadata:com_apple_backup_excludeItem", false),
    ] {
        let entered = scene.enter(&filter(|options| options.xattr_names = vec![name.to_owned()]));
        let expected: &[&str] = if expected { &["file"] } else { &[] };
        assert_eq!(scene.left_out(&entered), expected, "{name}");
    }
}

#[test]
fn on_one_file_system_mount_points_are_kept_and_what_is_mounted_is_not() {
    let scene = Scene::plain();
    let filter = filter(|options| options.one_file_system = true);
    let here = filter.root(&scene.path, &scene.stat());
    let mut elsewhere = scene.stat();
    (elsewhere.dev, elsewhere.mount_id) = (elsewhere.dev + 1, elsewhere.mount_id.map(|id| id + 1));
    let there = filter.root(&scene.path, &elsewhere);
    for (filter, reason) in [(here, None), (there, Some(Reason::OtherFileSystem))] {
        assert_eq!(filter.judge(&scene.handle, b"/x/file", scene.listed("file")), reason);
        assert_eq!(filter.judge(&scene.handle, b"/x/dir", scene.listed("dir")), None);
        assert_eq!(filter.judge_unopened(scene.listed("dir")), reason);
        assert_eq!(filter.enter(&scene.handle, &scene.path, &scene.listing).contents, reason);
    }
    let off = excludes(&["none"]).root(&scene.path, &elsewhere);
    assert_eq!(off.judge_unopened(scene.listed("dir")), None);
    assert_eq!(off.enter(&scene.handle, &scene.path, &scene.listing).contents, None);
}

#[test]
fn a_source_inside_an_excluded_directory_is_taken() {
    let scene = Scene::plain();
    let filter = excludes(&["/home/*/.cache", "*.tmp"]);
    let source = b"/home/u/.cache/mail";
    assert_eq!(scene.judge_path(&filter, source, b"/home/u/.cache/mail/inbox"), None);
    assert!(scene.judge_path(&filter, source, b"/home/u/.cache/mail/x.tmp").is_some());
}
