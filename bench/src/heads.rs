//! The fixed heads, of the sizes that their cases are named for, as browsers, API clients and servers send them.

/// Lines end with LF here; [`wire`] makes CR LF of it.
const REQUEST_170: &str = "\
GET /api/v1/items/4711?fields=name,price HTTP/1.1
Host: shop.example.com
User-Agent: inventory-sync/2.4.1-r (linux)
Accept: application/json
Accept-Encoding: gzip

";

const REQUEST_703: &str = "\
GET /assets/photos/2024/harbour-at-dawn-1280x853.jpg HTTP/1.1
Host: www.example.org
User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0
Accept: image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5
Accept-Language: en-GB,en;q=0.7,de;q=0.3
Accept-Encoding: gzip, deflate, br, zstd
Connection: keep-alive
Referer: https://www.example.org/journal/2024/10/two-weeks-on-a-coast
Cookie: _ga=GA1.2.1187348572.1729500316; session=9f2c41b7d0e84a3fa6b15c0e7d92e4b8; theme=dark
Sec-Fetch-Dest: image
Sec-Fetch-Mode: no-cors
Sec-Fetch-Site: same-origin
If-Modified-Since: Tue, 15 Oct 2024 08:12:31 GMT
If-None-Match: \"1f4a3-6248d0c5\"
Priority: u=5, i

";

const REQUEST_1180: &str = "\
GET /search?q=wide+angle+lens&category=cameras&sort=price_asc&page=3&ref=nav HTTP/1.1
Host: store.example.com
Connection: keep-alive
Cache-Control: max-age=0
sec-ch-ua: \"Chromium\";v=\"130\", \"Google Chrome\";v=\"130\", \"Not?A_Brand\";v=\"99\"
sec-ch-ua-mobile: ?0
sec-ch-ua-platform: \"Windows\"
Upgrade-Insecure-Requests: 1
User-Agent: Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8
Sec-Fetch-Site: same-origin
Sec-Fetch-Mode: navigate
Sec-Fetch-User: ?1
Sec-Fetch-Dest: document
Referer: https://store.example.com/search?q=wide+angle+lens&category=cameras&page=2
Accept-Encoding: gzip, deflate, br, zstd
Accept-Language: en-US,en;q=0.9,fr;q=0.8
Cookie: sid=s%3AkN3vQ1pXyT0aZb7cR5dWmE9uHj2LfG4o.8QxYw6Vt; cart=3f0c6b1e-94a7-4c58-b0de-21f7a85c3e99; \
_ga=GA1.1.830175612.1729500316; _gid=GA1.1.449203718.1730102844; _fbp=fb.1.1729500317.174920; currency=USD; \
recently_viewed=10482,99311,27740; ab_checkout=variant-b-2024; sidebar=open; consent=necessary%2Canalytics; \
last_seen=2024-10-15T08%3A12%3A31Z

";

const RESPONSE_SHORT: &str = "\
HTTP/1.1 200 OK
Content-Type: text/plain
Content-Length: 13
Date: Tue, 15 Oct 2024 08:12:31 GMT

";

const RESPONSE_600: &str = "\
HTTP/1.1 200 OK
Date: Tue, 15 Oct 2024 08:12:31 GMT
Content-Type: text/html; charset=utf-8
Content-Length: 48213
Connection: keep-alive
Server: nginx
Vary: Accept-Encoding, Cookie
Cache-Control: private, max-age=0, must-revalidate
ETag: W/\"bc55-lX9pQ2vT7mZr0sYk4eHn8uWc\"
Last-Modified: Tue, 15 Oct 2024 07:58:02 GMT
Set-Cookie: session=9f2c41b7d0e84a3fa6b15c0e7d92e4b8; Path=/; Secure; HttpOnly; SameSite=Lax
Strict-Transport-Security: max-age=31536000; includeSubDomains
X-Content-Type-Options: nosniff
X-Frame-Options: SAMEORIGIN
X-Request-Id: 7c1e0d52-3b84-4f6a-9a0e-5d2f61c8b473

";

fn wire(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

pub(crate) fn request_170() -> Vec<u8> {
    wire(REQUEST_170)
}

pub(crate) fn request_703() -> Vec<u8> {
    wire(REQUEST_703)
}

pub(crate) fn request_1180() -> Vec<u8> {
    wire(REQUEST_1180)
}

pub(crate) fn response_short() -> Vec<u8> {
    wire(RESPONSE_SHORT)
}

pub(crate) fn response_600() -> Vec<u8> {
    wire(RESPONSE_600)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_the_names() {
        let sizes = [request_170(), request_703(), request_1180(), response_600()].map(|head| head.len());
        assert_eq!(sizes, [170, 703, 1180, 600]);
        assert!(response_short().len() < 170);
    }
}
