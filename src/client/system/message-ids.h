/* SPDX-License-Identifier: ISC */
/*
 * The MESSAGE_IDs of the journal entries. Each is explained in the message catalog
 * (etc/agent-register.catalog, shown by journalctl -x); tests/check-documents compares the two.
 * Never change an ID: it is used in searches.
 */
#pragma once

#define MESSAGE_REGISTERED "05efcabf71244836b58e24aa1b045c33"
#define MESSAGE_NOT_READY "a1321acc7b224e2487e8017ed3b786e3"
#define MESSAGE_UNREACHABLE "7cb4716896a14fb1a044f1599d4f63ef"
#define MESSAGE_UNTRUSTED "9e4aebdd52d54b72adf21512db293f8d"
#define MESSAGE_BUSY "d630f2b647214dd98f27cbc8b11e0f7f"
#define MESSAGE_DUPLICATE "d2d6243987f7443e93e503db88ae7275"
#define MESSAGE_REFUSED "9edeca837d3e45969ae12ae2fa0c22d5"
#define MESSAGE_PROTOCOL_ERROR "27a725d7a8464be982a696ae39304200"
#define MESSAGE_MISCONFIGURED "00070667e6b54e188b880e1b2865a430"
#define MESSAGE_STORAGE_ERROR "2a0b5b2cb19b4db2b05cb13f2eb63eb9"
#define MESSAGE_CLONED "03709992ac494b78b1bf5add79643f8d"
#define MESSAGE_IMPORTED "49c0f3231b0e4e29be0905c4a3148a03"
#define MESSAGE_ALREADY_REGISTERED "d494c65ef2d144039f0d1cfb4c9f38e3"
#define MESSAGE_UNCONFIGURED "f7130117c87042ac9bdd38bb9c591167"
#define MESSAGE_MANAGER "53d71f7aaae84feeb72700bec6f58e1d"
#define MESSAGE_RENAMED "db61c5a506834a67bd735898129c2e59"
#define MESSAGE_UNVERIFIED "74fd2ee99838402e8170aa44b228f847"
#define MESSAGE_TORN "76c31e3bfeb44999bb5764e43339e760"
#define MESSAGE_REBOUND "d6827345e9e44a9da4f362b3d9cab7ae"
