//! Files of smol as bodies. How they are read is tested with those of tokio.

use http_smol::{Body, FileBody};
use smol::fs::{File, OpenOptions};
use smol::io::{AsyncReadExt, AsyncWriteExt};

/// Several pieces and a bit.
const LENGTH: usize = 3 * 256 * 1024 + 17;

#[test]
fn nobody_else_moves_in_the_file() {
    let content: Vec<u8> = (0..LENGTH).map(|at| (at * 31 % 251) as u8).collect();
    let path = std::env::temp_dir().join(format!("http-smol-file-{}", std::process::id()));
    smol::block_on(async {
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(true).open(&path).await.unwrap();
        // What is written last may not be on its way yet.
        file.write_all(&content).await.unwrap();
        let body: Body = FileBody::new(file).await.unwrap().into();
        assert!(body_of(body).await == content);

        // smol reads ahead.
        let mut file = File::open(&path).await.unwrap();
        file.read_exact(&mut [0; 100]).await.unwrap();
        let body = FileBody::range(file, 5, LENGTH as u64 - 5).await.unwrap();
        assert_eq!(body.len(), LENGTH as u64 - 5);
        assert!(body_of(body.into()).await == content[5..]);

        let body = FileBody::range(File::open(&path).await.unwrap(), LENGTH as u64, 1).await.unwrap();
        let error = Body::from(body).chunk().await.expect("an end before the end").expect_err("an error");
        assert_eq!(error.to_string(), "the file is shorter than the length announced");
    });
    std::fs::remove_file(path).unwrap();
}

async fn body_of(mut body: Body) -> Vec<u8> {
    let mut content = Vec::new();
    while let Some(piece) = body.chunk().await {
        content.extend_from_slice(&piece.unwrap());
    }
    content
}
