// CryptEncode and CryptDecode: hashes and Base64. Ciphers and archives are not offered (error 4006, as for a bad
// array).
#pragma once
#include "prelude.hpp"

namespace mql {
// SHA-256 after FIPS 180-4
inline void sha256_block(uint *state, const uchar *block) {
  static const uint K[64] = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
      0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
      0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
      0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
      0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
      0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
      0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};
  auto turn = [](uint x, int n) { return x >> n | x << (32 - n); };
  uint w[64], v[8];
  for (int i = 0; i < 16; i++)
    w[i] = (uint)block[4 * i] << 24 | (uint)block[4 * i + 1] << 16 | (uint)block[4 * i + 2] << 8 | block[4 * i + 3];
  for (int i = 16; i < 64; i++)
    w[i] = w[i - 16] + w[i - 7] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3) +
           (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10);
  memcpy(v, state, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint a = v[0], e = v[4];
    uint one = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & v[5]) ^ (~e & v[6])) + K[i] + w[i];
    uint two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof(uint));
    v[4] += one;
    v[0] = one + two;
  }
  for (int i = 0; i < 8; i++) state[i] += v[i];
}
inline std::string sha256(std::string message) {
  uint state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  ulong bits = message.size() * 8;
  message += '\x80';
  message.resize((message.size() + 8 + 63) / 64 * 64);
  for (int i = 0; i < 8; i++) message[message.size() - 1 - (size_t)i] = (char)(bits >> 8 * i);
  for (size_t at = 0; at < message.size(); at += 64) sha256_block(state, (const uchar *)message.data() + at);
  std::string digest;
  for (uint word : state)
    for (int shift = 24; shift >= 0; shift -= 8) digest += (char)(word >> shift);
  return digest;
}

inline const char *const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
inline std::string to_base64(const std::string &bytes) {
  std::string text;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint group = 0;
    for (size_t k = 0; k < 3; k++) group = group << 8 | (i + k < bytes.size() ? (uchar)bytes[i + k] : 0u);
    for (size_t k = 0; k < 4; k++) text += i + k > bytes.size() ? '=' : BASE64[group >> (18 - 6 * k) & 63];
  }
  return text;
}
inline bool from_base64(const std::string &text, std::string &bytes) {
  uint group = 0;
  int bits = 0;
  for (char letter : text) {
    const char *place = letter ? strchr(BASE64, letter) : nullptr;
    if (letter == '=' || letter == 0) break;
    if (!place) return false;
    group = group << 6 | (uint)(place - BASE64);
    if ((bits += 6) >= 8) bytes += (char)(group >> (bits -= 8));
  }
  return true;
}

inline int given(const std::string &bytes, View<uchar> result) {
  if (result.resize((int)bytes.size()) < (int)bytes.size()) return fails(ERR_INVALID_ARRAY);
  memcpy(result.data(), bytes.data(), bytes.size());
  return (int)bytes.size();
}
inline int CryptEncode(ENUM_CRYPT_METHOD method, ConstView<uchar> data, ConstView<uchar>, View<uchar> result) {
  std::string bytes((const char *)data.data(), (size_t)data.size());
  if (method == CRYPT_HASH_SHA256) return given(sha256(bytes), result);
  if (method == CRYPT_BASE64) return given(to_base64(bytes), result);
  return fails(ERR_INVALID_ARRAY);
}
inline int CryptDecode(ENUM_CRYPT_METHOD method, ConstView<uchar> data, ConstView<uchar>, View<uchar> result) {
  std::string bytes;
  if (method != CRYPT_BASE64 || !from_base64(std::string((const char *)data.data(), (size_t)data.size()), bytes))
    return fails(ERR_INVALID_ARRAY);
  return given(bytes, result);
}
} // namespace mql
