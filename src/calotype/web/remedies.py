"""What to do about each problem, by the name under which the page about problems explains it."""

from collections.abc import Mapping

BY_STATUS: Mapping[int, str] = {
    400: "Check that the body is what its content type says, and that it arrived whole.",
    401: "Send `Authorization: Bearer` with a key or a token, or sign in.",
    403: "Use a key with more rights, or ask an admin to do it.",
    404: "Check the address. Things of other people answer just like things that do not exist.",
    405: "See the reference for the methods of this address.",
    409: "Look at how things are now, then decide again.",
    416: "Ask for a range within the size of the picture.",
    422: "Change what the detail names, and send it again.",
    500: "Nothing that you sent should cause this. The log of the server has more under the"
    " request's `X-Request-Id`.",
    503: "Nothing is half done. Try again after as many seconds as `Retry-After` says; with the"
    " same `Idempotency-Key` it has its effect once.",
}

# What whoever asks can do.
_FOR_CALLERS = {
    "admins-only": "Ask an admin of your tenant to do it, or use a key with the role `admin`.",
    "already-decided": "Nothing needs to be done: somebody was quicker. The journal tells what was decided.",
    "already-undone": "Nothing needs to be done.",
    "answered-meanwhile": "Send it again with the same `Idempotency-Key`: the answer is repeated.",
    "bad-cursor": "Begin the list again without `cursor`; each `nextCursor` fits its own list only.",
    "bad-digest": "Send what `sha256sum` prints for the file.",
    "body-broken": BY_STATUS[400],
    "body-too-large": "Send less, or have the limit raised: `CALOTYPE_MAX_UPLOAD`, and that of a"
    " proxy in between.",
    "bucket-closed": "Choose another bucket, or ask an admin: only they write to this one.",
    "bucket-unknown": "Choose one of those that the detail names.",
    "credentials-refused": "Check that the key was copied as a whole. `calotype keys list` tells"
    " which were revoked; an admin can make a new one.",
    "cross-site-request": "Send the request from a page of calotype, or with a key.",
    "duplicate-missing": "Take the id from `GET /api/duplicates`. It may be settled by now, or one of its pictures is"
    " not for you to see.",
    "editors-only": "Ask an admin for the role `editor`.",
    "email-unfit": "Correct the address, as in `ada@example.org`.",
    "empty-file": "Choose another file, or copy this one again from where it came from.",
    "entry-missing": "Take the id from `GET /api/journal`.",
    "expiry-past": "Send a time that lies ahead, with its offset from UTC, or leave it out.",
    "fields-refused": "Change the fields that `errors` names, and send it again.",
    "file-missing": "Send the picture as the part `file` of a form: `curl -F file=@picture.jpg`.",
    "fingerprint-missing": "Try again in some seconds; a worker takes fingerprints after the upload.",
    "keep-unknown": "Name one of the two originals of the pair, or media that shows one.",
    "key-missing": "Take the id from `GET /api/keys` or `calotype keys list`.",
    "key-reused": "Make a new `Idempotency-Key` for every new request.",
    "lifetime-too-long": "Send an `expiresIn` from 1 to 604800 seconds, or none for a week.",
    "link-spent": "If you have chosen a password, sign in with it. If not, ask an admin for a new"
    " link, or whoever gave you this one. On the machine itself, `calotype serve` prints one.",
    "media-missing": "Check the id. It may lie in the trash, or belong to somebody else.",
    "name-unfit": "Shorten the name, and leave out line breaks and other control characters.",
    "not-a-picture": "Send a JPEG, PNG, WebP, GIF, TIFF, HEIC or AVIF file. What counts is what"
    " is in the file, not what it is called.",
    "not-examined-yet": "Try again in some seconds. If it lasts: is a worker running? `calotype"
    " serve` has one unless it was told `--no-worker`, `calotype worker` starts another, and"
    " `calotype doctor` tells what waits.",
    "not-in-trash": "Nothing needs to be done: it was restored already, or never deleted.",
    "not-signed-in": BY_STATUS[401],
    "not-your-media": "Ask its owner or an admin to do it.",
    "format-unknown": "Take one of those that `formats` names.",
    "nothing-to-share": "Ask its owner for a copy that was saved anew, as JPEG or PNG.",
    "nothing-to-show": "Fetch the preset `original`, or send the picture again from its source.",
    "original-missing": "Take the id from `GET /api/originals`.",
    "own-access": "Ask another admin of your tenant.",
    "page-missing": "Check the address, or begin at the library.",
    "password-unfit": "Three or four words that do not belong together make a good one.",
    "person-exists": "Take the one who is there: `PATCH /api/people/{id}` changes the role, and"
    " `POST /api/people/reset` makes a link that sets a new password.",
    "person-missing": "Take the id or the address from `GET /api/people`.",
    "picture-missing": "Check the address. If the picture is private, sign in, or ask its owner for"
    " a signed address.",
    "plan-changed": "Look at the dry run again, and approve that: pairs came or went since.",
    "preset-unknown": "Take one of those that `presets` names.",
    "range-refused": BY_STATUS[416],
    "reference-lost": "Send the file again.",
    "rendition-under-way": "Ask again in a moment. If it lasts, the machine that makes it has too"
    " much to do, or died: another takes over within a minute.",
    "role-beyond-yours": "Ask whoever runs calotype: only a service key gives `curator`, and only"
    " `calotype keys create` makes a service key.",
    "rule-missing": "Take the id from `GET /api/duplicates/rules`.",
    "service-only": "Use a service key: `CALOTYPE_SERVICE_KEY`, or one that `calotype keys create"
    " --role service` made.",
    "sign-in-refused": "Check both, and the tenant. An admin can make a link that sets a new"
    " password.",
    "signature-refused": "Ask whoever gave you the address for a new one.",
    "slow-down": "Wait for as many seconds as `Retry-After` says.",
    "slug-unfit": "Choose one such as `acme` or `acme-2`.",
    "still-running": "Wait for as many seconds as `Retry-After` says; the answer will be repeated.",
    "tenant-exists": "Use the tenant that is there, or choose another slug.",
    "tenant-missing": "Check the slug: in `Calotype-Tenant`, or where you signed in.",
    "too-many-frames": "Send it with fewer frames, or a single one.",
    "too-many-pixels": "Make the picture smaller, and send that.",
    "undo-too-late": "It cannot be undone any more. What was merged may still be uploaded again.",
    "unreadable": "Open the file in another program. If that fails too, it is damaged: send a sound"
    " copy.",
}

# What whoever runs calotype can do.
_FOR_OPERATORS = {
    "already-serving": "Use the one that serves already, or stop it. `--data` names another"
    " installation.",
    "backup-there": "Name a folder that is empty or does not exist yet.",
    "bad-key": "Nothing that you sent should cause this: report it.",
    "bad-storage-url": "Correct `CALOTYPE_STORAGE_URL`, as in `file:///folder` or"
    " `s3://bucket/prefix`.",
    "bytes-missing": "Run `calotype doctor --level head`, which names the pictures without bytes, and"
    " `calotype doctor --repair object-missing`. Then sending the same file again heals one.",
    "cache-damaged": "Nothing: the next scan begins a new cache.",
    "cache-unusable": "Make room or give yourself the right to write there: the cache lies in"
    " `calotype` under `XDG_CACHE_HOME` or `~/.cache`. `calotype scan --no-cache` does without.",
    "data-folder-unusable": "Mend what the message says, or name another folder with `--data`.",
    "data-missing": "Name the folder that `calotype serve` uses: `--data` or `CALOTYPE_DATA`.",
    "database-busy": "Try again in a moment. If it happens often, raise"
    " `CALOTYPE_DATABASE_CONNECTIONS`.",
    "database-in-use": "Name a data folder or a database with nothing in it.",
    "database-not-started": "Read PostgreSQL's log in the folder `postgres` of the data folder."
    " Often the disk is full, or files belong to another user.",
    "database-of-another-version": "With the calotype that made the folder, run `calotype backup`;"
    " with this one, `calotype restore` into an empty data folder.",
    "database-slow": "Try again in a moment. If it lasts, look at the load and the disk of the"
    " machine that PostgreSQL runs on.",
    "database-too-old": "Bring the server that `CALOTYPE_DATABASE_URL` names up to PostgreSQL 15 or"
    " newer. Without that setting, calotype runs a new enough one of its own.",
    "database-unreachable": "Check that the server that `CALOTYPE_DATABASE_URL` names runs and"
    " accepts the login; `calotype migrate --check` tries it. calotype's own PostgreSQL is started"
    " again by itself.",
    "dump-failed": "Mend what the message says, often a full disk, and begin again with an empty"
    " folder.",
    "file-cut-short": "Send the file again. If it lasts, look whether something else writes to the"
    " folder `spool` of the data folder.",
    "folder-unfit": "Check the name, and that you may read and enter the folder.",
    "imaging-unavailable": "Try again in a moment. If it lasts, the machine has too little memory or"
    " starts no more processes: the log says which.",
    "issuer-unreachable": "Check from the server that `CALOTYPE_JWKS_URL` can be fetched. Keys and"
    " sessions of calotype's own go on working.",
    "keep-contended": "Send the file again.",
    "key-taken": "Try again. If it comes back, run `calotype doctor`.",
    "listing-cut-short": "Nothing was deleted on a doubt, and the next sweep begins anew. If it"
    " lasts, check that the object store answers.",
    "no-backup": "Name the folder that `calotype backup` wrote.",
    "nothing-to-repair": "Take one of the codes that `calotype doctor` reports.",
    "object-missing": "Check that the right store is connected, and run `calotype doctor --repair"
    " object-missing`. Then sending the same file again heals the picture.",
    "original-still-named": "Run `calotype doctor`, and report it: this should not happen.",
    "part-failed": "The lines above it say why. Mend that, and run `calotype serve` again.",
    "port-taken": "Stop the other program, or choose another port with `--port`.",
    "repair-halted": "Mend what the message says, then run the repair again.",
    "report-unwritable": "Name a file in a folder that exists and that you may write to:"
    " `calotype scan DIR --report FILE`.",
    "rows-collided": "Send it again.",
    "schema-behind": "Run `calotype migrate`, then try again.",
    "secret-keys-empty": "Put the keys back from where you keep a copy. With new ones, addresses"
    " that were signed before work no longer.",
    "service-unavailable": "Try again later. If it lasts, check that the server can reach the other"
    " service.",
    "settings-refused": "Correct the variables that the message names.",
    "sizes-differ": "Run `calotype doctor --level deep`: what is stored may be damaged.",
    "store-foreign": "Check that `CALOTYPE_STORAGE_URL` names the store that belongs to this"
    " database. After a restore, `calotype doctor --repair epoch-differs` marks it anew, if every"
    " original is there; `--repair object-missing` sets aside those that are gone.",
    "store-full": "Make room where the originals lie: free some space, enlarge the disk or bucket,"
    " or let `calotype sweep` remove what nobody refers to. Then try again; nothing is half"
    " stored.",
    "store-refused": "Give calotype the right to read, write, list and delete where"
    " `CALOTYPE_STORAGE_URL` points: the policy of its key, or the owner of the folder. The log"
    " says what the store answered.",
    "store-unavailable": "Check that the store that `CALOTYPE_STORAGE_URL` names runs and can be"
    " reached, or that the folder is mounted. The log says what it answered.",
}

BY_ANCHOR: Mapping[str, str] = _FOR_CALLERS | _FOR_OPERATORS
