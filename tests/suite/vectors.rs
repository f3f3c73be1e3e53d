//! What the format computes is what fixtures/vectors.json says, which was made by other code after FORMAT.md.

use lifeboat::base::hex;
use lifeboat::base::ids::{ChunkId, ChunkKind, PackName};
use lifeboat::base::secret::Secret32;
use lifeboat::chunker::{Chunker, ChunkerParams};
use lifeboat::crypto::sign::{SigningKey, signature_to_text};
use lifeboat::crypto::x25519::Identity;
use lifeboat::crypto::{derive, sealed};
use lifeboat::index::rows::{BlockRow, ChunkRow, PackRow};
use lifeboat::pack::padding::padded_len;
use lifeboat::pack::reader::chunk_id;
use lifeboat::pack::writer::PackWriter;
use lifeboat::repo::config::PublicHalves;
use lifeboat::repo::tree::{decode_entry, encode_entry};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../fixtures/vectors.json")).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

fn number(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn bytes<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(text(value)).unwrap()
}

/// Hexadecimal of any length.
fn spelled(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn keys_and_ids() {
    let vectors = vectors();
    let dedup = Secret32::new(bytes(&vectors["derive_key"]["dedup_secret"]));
    let outputs = &vectors["derive_key"]["outputs"];
    let data = derive::chunk_key(&dedup, ChunkKind::Data);
    let meta = derive::chunk_key(&dedup, ChunkKind::Meta);
    assert_eq!(hex::encode(data.expose()), outputs["lifeboat v1 chunk id data"]);
    assert_eq!(hex::encode(meta.expose()), outputs["lifeboat v1 chunk id meta"]);
    assert_eq!(hex::encode(derive::chunker_seed(&dedup).expose()), outputs["lifeboat v1 chunker seed"]);
    assert_eq!(hex::encode(&derive::dedup_commitment(&dedup)), outputs["lifeboat v1 dedup commitment"]);
    assert!(!list(&vectors["chunk_id"]).is_empty());
    for case in list(&vectors["chunk_id"]) {
        let plain = text(&case["text"]).as_bytes();
        assert_eq!(chunk_id(&data, plain).to_string(), text(&case["data"]));
        assert_eq!(chunk_id(&meta, plain).to_string(), text(&case["meta"]));
    }
}

#[test]
fn padding() {
    let vectors = vectors();
    assert!(!list(&vectors["padme"]).is_empty());
    for pair in list(&vectors["padme"]) {
        assert_eq!(padded_len(pair[0].as_u64().unwrap()), pair[1].as_u64().unwrap(), "{pair}");
    }
}

#[test]
fn cuts() {
    let vectors = vectors();
    let chunker = &vectors["chunker"];
    let seed = Secret32::new(bytes(&chunker["seed"]));
    let mut stream = vec![0; 2 << 20];
    blake3::Hasher::new().finalize_xof().fill(&mut stream);
    assert!(!list(&chunker["cases"]).is_empty());
    for case in list(&chunker["cases"]) {
        let params = ChunkerParams {
            algorithm: text(&chunker["algorithm"]).to_owned(),
            min_bytes: case["min_bytes"].as_u64().unwrap(),
            max_bytes: case["max_bytes"].as_u64().unwrap(),
        };
        let one = Chunker::new(&params, &seed).unwrap();
        let len = number(&case["bytes"]) as usize;
        let data = if case["zeros"] == true { vec![0; len] } else { stream[..len].to_vec() };
        let (mut rest, mut lengths) = (&data[..], Vec::new());
        while let Some(len) = one.first_len(rest, true) {
            assert!(len > 0);
            lengths.push(len as u64);
            rest = &rest[len..];
        }
        let expected: Vec<u64> = list(&case["lengths"]).iter().map(|len| len.as_u64().unwrap()).collect();
        assert_eq!(lengths, expected, "{}", case["min_bytes"]);
    }
}

#[test]
fn fingerprint() {
    let vectors = vectors();
    let public: PublicHalves = serde_json::from_value(vectors["fingerprint"]["public"].clone()).unwrap();
    assert_eq!(public.fingerprint().to_string(), text(&vectors["fingerprint"]["shown"]));
}

#[test]
fn packs() {
    let vectors = vectors();
    let mut writer = PackWriter::create(ChunkKind::Meta);
    for frame in list(&vectors["pack"]["frames"]) {
        let chunks = list(&frame["chunks"]);
        let chunks = chunks.iter().map(|chunk| (ChunkId(bytes(&chunk[0])), number(&chunk[1]))).collect();
        let body = text(&frame["frame"]).as_bytes();
        let body: Vec<u8> =
            body.chunks(2).map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect();
        writer.push(&body, number(&frame["raw_len"]), chunks);
    }
    let identity = Identity::generate();
    let pack = writer.finish(&identity.to_recipient()).unwrap();
    let plain = sealed::open(&[identity], &pack.body).unwrap();
    assert_eq!(spelled(&plain), text(&vectors["pack"]["plaintext"]));
}

#[test]
fn rows_of_segments() {
    let vectors = vectors();
    let rows = &vectors["segment_rows"];
    let mut row = Vec::new();
    let pack = &rows["pack"];
    let kind = ChunkKind::from_number(number(&pack["kind"]).try_into().unwrap()).unwrap();
    let sealed_len = pack["sealed_len"].as_u64().unwrap();
    PackRow { name: PackName(bytes(&pack["name"])), kind, sealed_len }.encode(&mut row);
    assert_eq!(spelled(&row), text(&pack["row"]));
    row.clear();
    let block = &rows["block"];
    BlockRow {
        pack: number(&block["pack"]),
        offset: number(&block["offset"]),
        frame_len: number(&block["frame_len"]),
        raw_len: number(&block["raw_len"]),
    }
    .encode(&mut row);
    assert_eq!(spelled(&row), text(&block["row"]));
    row.clear();
    let chunk = &rows["chunk"];
    ChunkRow {
        id: ChunkId(bytes(&chunk["id"])),
        block: number(&chunk["block"]),
        offset: number(&chunk["offset"]),
        len: number(&chunk["len"]),
    }
    .encode(&mut row);
    assert_eq!(spelled(&row), text(&chunk["row"]));
}

#[test]
fn lines_of_trees() {
    let vectors = vectors();
    assert!(!list(&vectors["tree_lines"]).is_empty());
    for line in list(&vectors["tree_lines"]) {
        let entry = decode_entry(format!("{}\n", text(line)).as_bytes(), 1).unwrap();
        let mut again = Vec::new();
        encode_entry(&entry, &mut again).unwrap();
        assert_eq!(String::from_utf8(again).unwrap(), format!("{}\n", text(line)));
    }
}

#[test]
fn signatures() {
    let vectors = vectors();
    let case = &vectors["signature"];
    let key = SigningKey::from_seed(Secret32::new(bytes(&case["seed"])));
    assert_eq!(key.public().to_string(), text(&case["public_key"]));
    let signature = key.sign(text(&case["context"]), text(&case["message"]).as_bytes());
    assert_eq!(signature_to_text(&signature), text(&case["signature"]));
}
