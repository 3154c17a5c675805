"""Makes webhook-signatures.json. In Python, so that the vectors do not come from the code they are held against.

python3 vectors/make-webhook-signatures.py > vectors/webhook-signatures.json
"""

import base64
import hashlib
import hmac
import json

SECRET = "whsec_test_0123456789abcdefghijklmnop"
OTHER = "whsec_test_zyxwvutsrqponmlkjihgfedcba"
AT = 1_700_000_000
MEGABYTE = 1024 * 1024
SMALL = b'{"id":"evt_1","event_type":"job.assigned","job_id":"job_1"}'


def v1(body, secret=SECRET, at=AT):
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def header(body, *secrets, at=AT):
    return ",".join([f"t={at}", *(f"v1={v1(body, secret, at)}" for secret in secrets or (SECRET,))])


def body_of(body):
    if len(body) > 1000:
        return {"repeat_byte": body[0], "length": len(body)}
    return {"base64": base64.b64encode(body).decode()}


# What the tests of a group have in common stands once, above them.
GROUPS = {}


def vector(name, body, signature, expect="valid", now=AT, secrets=(SECRET,), tolerance=None, common=("body",)):
    whole = {"name": name, "body": body_of(body), "header": signature, "now": now, "expect": expect}
    whole["secrets"] = [secret if isinstance(secret, str) else dict(secret) for secret in secrets]
    if tolerance is not None:
        whole["tolerance_seconds"] = tolerance
    common = (*common, "now", "secrets", "tolerance_seconds")
    given = {field: whole[field] for field in common if field in whole}
    tests = GROUPS.setdefault(json.dumps(given), {**given, "tests": []})["tests"]
    tests.append({field: value for field, value in whole.items() if field not in common})


# Bodies: signed as bytes, whatever they decode to.
vector("ASCII", b'{"event":"job_assigned"}', header(b'{"event":"job_assigned"}'))
vector("an empty body", b"", header(b""))
utf8 = '{"title":"Zoë – 試験 🦾"}'.encode()
vector("UTF-8", utf8, header(utf8))
crlf = b'{\r\n"a":1\r\n}\r\n'
vector("CRLF is kept", crlf, header(crlf))
vector("CRLF turned into LF", crlf.replace(b"\r\n", b"\n"), header(crlf), "no_match")
bom = b"\xef\xbb\xbf{}"
vector("a byte order mark is part of the body", bom, header(bom))
vector("a byte order mark taken off", b"{}", header(bom), "no_match")
invalid = b"{\xff\xfe}"
vector("invalid UTF-8", invalid, header(invalid))
vector("another body that decodes to the same text", b"{\xfe\xff}", header(invalid), "no_match")
vector("JSON printed anew", json.dumps(json.loads(SMALL)).encode(), header(SMALL), "no_match")
vector("a NUL byte", b"{\x00}", header(b"{\x00}"))
for size, expect in ((MEGABYTE - 1, "valid"), (MEGABYTE, "valid"), (MEGABYTE + 1, "body_too_large")):
    vector(f"a body of {size} bytes", b" " * size, header(b" " * size), expect)
for at in range(len(SMALL)):
    flipped = SMALL[:at] + bytes([SMALL[at] ^ 1]) + SMALL[at + 1 :]
    vector(f"byte {at} of the body flipped", flipped, header(SMALL), "no_match", common=("header", "expect"))
digest = v1(SMALL)
for at in range(len(digest)):
    other = "0" if digest[at] != "0" else "1"
    vector(f"digit {at} of the signature replaced", SMALL, f"t={AT},v1={digest[:at]}{other}{digest[at + 1:]}", "no_match")

# The header.
good = header(SMALL)
t, signature = good.split(",")
vector("the parts in another order", SMALL, f"{signature},{t}")
vector("space around the parts", SMALL, f"{t} , {signature}")
vector("upper-case hex", SMALL, f"{t},v1={digest.upper()}")
vector("the right signature after a wrong one", SMALL, f"{t},v1={'0' * 64},{signature}")
vector("the right signature twice", SMALL, f"{good},{signature}")
vector("another scheme beside it", SMALL, f"{good},v0={'0' * 64},v2=x")
vector("eight signatures", SMALL, ",".join([t, *[f"v1={'0' * 64}"] * 7, signature]))
vector("nine signatures", SMALL, ",".join([t, *[f"v1={'0' * 64}"] * 8, signature]), "too_many_signatures")
vector("no header", SMALL, None, "missing_header")
vector("an empty header", SMALL, "", "missing_header")
vector("the time twice", SMALL, f"{t},{good}", "malformed_header")
vector("two times that differ", SMALL, f"t={AT + 1},{good}", "malformed_header")
vector("no time", SMALL, signature, "malformed_header")
vector("no signature", SMALL, t, "malformed_header")
vector("only an older scheme", SMALL, f"{t},v0={digest}", "malformed_header")
vector("bare hex", SMALL, digest, "malformed_header")
vector("a time with a fraction", SMALL, f"t={AT}.0,{signature}", "malformed_header")
vector("a negative time", SMALL, f"t=-{AT},{signature}", "malformed_header")
vector("a time of thirteen digits", SMALL, f"t={AT}000,{signature}", "malformed_header")
vector("a signature that is too short", SMALL, f"{t},v1={digest[:-2]}", "malformed_header")
vector("a signature that is too long", SMALL, f"{t},v1={digest}00", "malformed_header")
vector("a signature that is not hex", SMALL, f"{t},v1={'g' * 64}", "malformed_header")
vector("a part without a name", SMALL, f"{good},x", "malformed_header")
vector("a header of more than 1024 bytes", SMALL, f"{good},x={'y' * 1024}", "header_too_long")
vector("another time than the one that was signed", SMALL, f"t={AT + 1},{signature}", "no_match")

# The time, either way.
for seconds, expect in ((-301, "outside_tolerance"), (-300, "valid"), (-299, "valid"), (299, "valid"), (300, "valid"), (301, "outside_tolerance")):
    vector(f"received {seconds:+d} s from the time of the message", SMALL, good, expect, now=AT + seconds)
vector("a tolerance of 30 s, 31 s late", SMALL, good, "outside_tolerance", now=AT + 31, tolerance=30)
vector("a tolerance of 900 s, 900 s late", SMALL, good, now=AT + 900, tolerance=900)

# Secrets and their rotation.
vector("another secret", SMALL, good, "no_match", secrets=(OTHER,))
vector("no secret", SMALL, good, "no_match", secrets=())
vector("the secret without its prefix", SMALL, header(SMALL, SECRET.removeprefix("whsec_")), "no_match")
vector("signed with old and new, the receiver knows the old", SMALL, header(SMALL, OTHER, SECRET))
vector("signed with old and new, the receiver knows the new", SMALL, header(SMALL, SECRET, OTHER), secrets=(OTHER,))
vector("signed with the new, the receiver knows both", SMALL, header(SMALL, OTHER), secrets=(SECRET, OTHER))
vector("a secret in its last second", SMALL, good, secrets=({"secret": SECRET, "not_after": AT + 1},))
vector("a secret at its end", SMALL, good, "no_match", secrets=({"secret": SECRET, "not_after": AT},))

ABOUT = (
    "Header X-SOTA-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256 of '<t>.' + body>, one v1 per secret in force. "
    "The receiver's clock 'now' is in unix seconds. A test has what its group has, and its own. "
    "'expect' is 'valid' or the reason for which it is not; a receiver answers all reasons alike."
)


def compact(value):
    return json.dumps(value, separators=(",", ":"))


def rendered(group):
    given = compact({key: value for key, value in group.items() if key != "tests"})
    # A test a line: the file travels with the package.
    tests = ",\n".join("   " + compact(test) for test in group["tests"])
    return f'  {given[:-1]},"tests":[\n{tests}]}}'


print(f'{{\n "about": {json.dumps(ABOUT)},\n "groups": [\n' + ",\n".join(map(rendered, GROUPS.values())) + "\n ]\n}")
