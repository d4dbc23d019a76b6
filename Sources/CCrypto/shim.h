// The two one-shot digests that the event log uses: SHA-256 for evidence, SHA-1 for UUIDv5.
#pragma once
#include <openssl/sha.h>
