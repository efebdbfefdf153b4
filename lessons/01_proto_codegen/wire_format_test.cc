#include "wire_format.h"

#include <google/protobuf/empty.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

using ::google::protobuf::UnknownField;
using ::google::protobuf::UnknownFieldSet;
using ::testing::ElementsAre;
using ::testing::SizeIs;

// The fields without their places in the input: "1: varint 300", "2: bytes ab".
std::vector<std::string> Describe(const std::vector<WireField>& fields) {
  std::vector<std::string> result;
  for (const WireField& field : fields) {
    switch (field.type) {
      case WireType::kVarint:
        result.push_back(absl::StrCat(field.number, ": varint ", field.value));
        break;
      case WireType::kFixed64:
        result.push_back(absl::StrCat(field.number, ": fixed64 ", field.value));
        break;
      case WireType::kFixed32:
        result.push_back(absl::StrCat(field.number, ": fixed32 ", field.value));
        break;
      case WireType::kLengthDelimited:
        result.push_back(absl::StrCat(field.number, ": bytes ",
                                      absl::BytesToHexString(field.bytes)));
        break;
    }
  }
  return result;
}

// The same of what protobuf's own parser found.
std::vector<std::string> Describe(const UnknownFieldSet& fields) {
  std::vector<std::string> result;
  for (int i = 0; i < fields.field_count(); ++i) {
    const UnknownField& field = fields.field(i);
    switch (field.type()) {
      case UnknownField::TYPE_VARINT:
        result.push_back(
            absl::StrCat(field.number(), ": varint ", field.varint()));
        break;
      case UnknownField::TYPE_FIXED64:
        result.push_back(
            absl::StrCat(field.number(), ": fixed64 ", field.fixed64()));
        break;
      case UnknownField::TYPE_FIXED32:
        result.push_back(
            absl::StrCat(field.number(), ": fixed32 ", field.fixed32()));
        break;
      case UnknownField::TYPE_LENGTH_DELIMITED:
        result.push_back(
            absl::StrCat(field.number(), ": bytes ",
                         absl::BytesToHexString(field.length_delimited())));
        break;
      case UnknownField::TYPE_GROUP:
        result.push_back(absl::StrCat(field.number(), ": group"));
        break;
    }
  }
  return result;
}

// The bytes that `hex`, with or without spaces, stands for.
std::string Bytes(absl::string_view hex) {
  std::string bytes;
  int digits = 0;
  for (const char c : hex) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (digits++ % 2 == 0) {
      bytes.push_back(static_cast<char>(digit << 4));
    } else {
      bytes.back() = static_cast<char>(bytes.back() | digit);
    }
  }
  return bytes;
}

// The fields of `hex`, or the error.
std::vector<std::string> Read(const std::string& hex) {
  const std::string bytes = Bytes(hex);
  absl::StatusOr<std::vector<WireField>> fields = ReadFields(bytes);
  if (!fields.ok()) return {fields.status().ToString()};
  return Describe(*fields);
}

// Bytes that end inside a field.
constexpr const char* kCutOff[] = {
    "08",    "88",    "08 80",       "08 05 10", "12",
    "12 03", "12 80", "12 03 61 62", "1d 00 00", "19 00 00 00 00 00 00 00",
};

// Reads each of kCutOff where it ends at the end of a page and nothing may be
// read behind it. Returns false if the reader does. This happens in a child
// process, which does not survive it.
bool ReaderStaysInside() {
  static const bool stays_inside = [] {
    const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    void* pages = mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return false;
    char* const end = static_cast<char*>(pages) + page;
    if (mprotect(end, page, PROT_NONE) != 0) return false;
    const pid_t child = fork();
    if (child == 0) {
      alarm(5);
      for (const char* hex : kCutOff) {
        const std::string bytes = Bytes(hex);
        char* const begin = end - bytes.size();
        std::memcpy(begin, bytes.data(), bytes.size());
        (void)ReadFields(absl::string_view(begin, bytes.size())).ok();
      }
      _exit(0);
    }
    int status = 0;
    const bool waited = child > 0 && waitpid(child, &status, 0) == child;
    munmap(pages, 2 * page);
    return waited && WIFEXITED(status) && WEXITSTATUS(status) == 0;
  }();
  return stays_inside;
}

// The tests that would crash with such a reader leave the verdict to the one
// that says so.
#define SKIP_UNLESS_READER_STAYS_INSIDE()           \
  if (!ReaderStaysInside()) {                       \
    GTEST_SKIP() << "See StopsAtTheEndOfTheBytes."; \
  }                                                 \
  static_cast<void>(0)

void ExpectRefused(const std::string& hex, const std::string& why) {
  const std::string bytes = Bytes(hex);
  absl::StatusOr<std::vector<WireField>> fields = ReadFields(bytes);
  ASSERT_FALSE(fields.ok())
      << "The bytes " << hex << " were accepted, but " << why;
  EXPECT_EQ(fields.status().code(), absl::StatusCode::kInvalidArgument)
      << "The bytes " << hex
      << " are to be refused with INVALID_ARGUMENT: " << why
      << " ReadFields returned " << fields.status();
}

TEST(WireFormatTest, NoBytesAreNoFields) {
  absl::StatusOr<std::vector<WireField>> fields = ReadFields("");
  ASSERT_TRUE(fields.ok()) << fields.status();
  EXPECT_THAT(*fields, SizeIs(0)) << "A message without fields has no bytes.";
}

TEST(WireFormatTest, ReadsAFieldOfTwoBytes) {
  EXPECT_THAT(Read("08 05"), ElementsAre("1: varint 5"))
      << "08 05 is a field: its tag is 08, a number times 8 plus a wire type; "
         "its payload is 05. Both are varints of one byte, because their top "
         "bit is 0.";
}

TEST(WireFormatTest, ReadsAVarintOfTwoBytes) {
  EXPECT_THAT(Read("08 ac 02"), ElementsAre("1: varint 300"))
      << "ac has its top bit set, so 02 belongs to the same varint: 7 bits "
         "from each, and the first byte holds the lowest 7.";
}

TEST(WireFormatTest, ReadsAVarintWithBitsAbove32) {
  EXPECT_THAT(Read("08 80 80 80 80 80 80 01"),
              ElementsAre("1: varint 4398046511104"))
      << "A varint has up to 64 bits. A shift of a 32-bit number by 32 or more "
         "is lost, and undefined in C++.";
}

TEST(WireFormatTest, ReadsMinusOneAsTenBytes) {
  v1::MovieID id;
  id.set_mid(-1);
  const std::string bytes = id.SerializeAsString();
  ASSERT_EQ(absl::BytesToHexString(bytes), "08ffffffffffffffffff01");
  EXPECT_THAT(Read(absl::BytesToHexString(bytes)),
              ElementsAre("1: varint 18446744073709551615"))
      << "An int32 of -1 is sent as a 64-bit number with every bit set: a "
         "varint of 10 bytes, the longest there is. The value is its 64 bits "
         "without a sign.";
}

TEST(WireFormatTest, ReadsAFieldWithALength) {
  EXPECT_THAT(Read("12 03 61 62 63"), ElementsAre("2: bytes 616263"))
      << "12 is number 2, wire type 2: a length follows, 3, and 3 bytes.";
}

TEST(WireFormatTest, ReadsTagsOfSeveralBytes) {
  EXPECT_THAT(Read("82 01 01 61"), ElementsAre("16: bytes 61"))
      << "From number 16 on a tag has more than one byte: a tag is a varint "
         "too.";
  const std::vector<std::string> largest = Read("f8 ff ff ff 0f 07");
  EXPECT_THAT(largest, ElementsAre("536870911: varint 7"))
      << "f8 ff ff ff 0f is the tag of field 536870911, the largest number "
         "that "
         "a field can have, but it was read as "
      << testing::PrintToString(largest)
      << ". The bits of its fifth byte are shifted by 28, which fills an int's "
         "sign bit: an int turns negative, and all bits above are set when it "
         "is widened.";
}

TEST(WireFormatTest, ReadsFixedWidths) {
  EXPECT_THAT(
      Read("19 01 00 00 00 00 00 00 80 1d 02 00 00 80"),
      ElementsAre("3: fixed64 9223372036854775809", "3: fixed32 2147483650"));
}

TEST(WireFormatTest, ReadsEveryFieldOfAMovie) {
  v1::Movie movie;
  movie.set_mid(1);
  movie.set_movie_name("Nosferatu (1922)");
  movie.set_movie_style("horror");
  const std::string bytes = movie.SerializeAsString();
  absl::StatusOr<std::vector<WireField>> fields = ReadFields(bytes);
  ASSERT_TRUE(fields.ok()) << fields.status();
  ASSERT_THAT(*fields, SizeIs(3)) << "The description is empty, so not sent.";
  EXPECT_EQ((*fields)[0].value, 1u);
  EXPECT_EQ((*fields)[1].bytes, "Nosferatu (1922)");
  EXPECT_EQ((*fields)[2].bytes, "horror");
  EXPECT_EQ((*fields)[2].number, 4);
}

TEST(WireFormatTest, AcceptsAVarintWithNeedlessZeros) {
  EXPECT_THAT(Read("08 85 80 00"), ElementsAre("1: varint 5"))
      << "Nobody writes 5 in three bytes, but every parser reads it.";
}

TEST(WireFormatTest, StopsAtTheEndOfTheBytes) {
  EXPECT_TRUE(ReaderStaysInside())
      << "The reader went on behind the end of its bytes, or never came back. "
         "front() of an empty string_view is another's memory: look whether a "
         "byte is left before each one.";
}

TEST(WireFormatTest, RefusesBytesThatEndInsideAField) {
  SKIP_UNLESS_READER_STAYS_INSIDE();
  for (const char* hex : kCutOff) {
    ExpectRefused(hex,
                  "they end inside a field. A file or a message that was cut "
                  "off looks like this.");
  }
}

TEST(WireFormatTest, RefusesALengthBeyondTheEnd) {
  SKIP_UNLESS_READER_STAYS_INSIDE();
  ExpectRefused("12 ff ff ff ff ff ff ff ff ff 01 61",
                "the length is 2^64-1 and one byte is left.");
  ExpectRefused("12 fe ff ff ff 0f 61",
                "the length is about 4 GB and one byte is left.");
}

TEST(WireFormatTest, RefusesAVarintOfElevenBytes) {
  SKIP_UNLESS_READER_STAYS_INSIDE();
  ExpectRefused("08 80 80 80 80 80 80 80 80 80 80 01",
                "no varint has more than 10 bytes: whoever reads on without a "
                "limit can be kept busy for ever.");
  ExpectRefused("80 80 80 80 80 80 80 80 80 80 80 80 80",
                "no varint has more than 10 bytes, a tag neither.");
}

TEST(WireFormatTest, RefusesFieldNumberZero) {
  ExpectRefused("00 05",
                "number 0 belongs to no field. Zeros are what a half-written "
                "file or a cleared buffer is full of.");
}

TEST(WireFormatTest, RefusesFieldNumbersThatDoNotFit) {
  ExpectRefused("80 80 80 80 10 05",
                "the field number is 536870912, one above the largest.");
  ExpectRefused("88 80 80 80 80 01 05",
                "the tag needs 36 bits: cut down to 32 it would be taken for "
                "field 1.");
}

TEST(WireFormatTest, RefusesWireTypesThatProto3DoesNotHave) {
  for (const char* hex : {"0b 0c", "0c", "0e 05", "0f 05"}) {
    ExpectRefused(hex, "wire types 3, 4, 6 and 7 are not used in proto3.");
  }
}

// What a field's place in the input must look like, whatever the bytes.
void ExpectToCover(const std::vector<WireField>& fields,
                   const std::string& bytes) {
  std::size_t at = 0;
  for (const WireField& field : fields) {
    ASSERT_EQ(field.encoded.data(), bytes.data() + at);
    at += field.encoded.size();
    ASSERT_LE(at, bytes.size());
  }
  ASSERT_EQ(at, bytes.size()) << "The fields are not all of the bytes.";
}

TEST(WireFormatTest, AgreesWithProtobufsParser) {
  SKIP_UNLESS_READER_STAYS_INSIDE();
  // Fixed seeds: the same bytes on every run.
  std::mt19937_64 random(1);
  for (int round = 0; round < 200; ++round) {
    UnknownFieldSet fields;
    for (int i = 0; i < 5; ++i) {
      // Every length of number and value, not only long ones.
      const int number = 1 + static_cast<int>((random() & kMaxFieldNumber) >>
                                              (random() % 29)) %
                                 kMaxFieldNumber;
      const uint64_t value = random() >> (random() % 64);
      switch (random() % 4) {
        case 0:
          fields.AddVarint(number, value);
          break;
        case 1:
          fields.AddFixed64(number, value);
          break;
        case 2:
          fields.AddFixed32(number, static_cast<uint32_t>(value));
          break;
        case 3:
          fields.AddLengthDelimited(number, std::string(value % 300, 'x'));
          break;
      }
    }
    std::string bytes;
    ASSERT_TRUE(fields.SerializeToString(&bytes));

    // Whole, and cut off at every place.
    for (std::size_t size = bytes.size() + 1; size-- > 0;) {
      const std::string part = bytes.substr(0, size);
      google::protobuf::Empty empty;
      const bool valid = empty.ParseFromString(part);
      absl::StatusOr<std::vector<WireField>> ours = ReadFields(part);
      ASSERT_EQ(ours.ok(), valid)
          << "ReadFields says " << ours.status() << ", protobuf's parser says "
          << (valid ? "OK" : "malformed") << ", of the bytes "
          << absl::BytesToHexString(part);
      if (!valid) continue;
      ASSERT_EQ(Describe(*ours),
                Describe(empty.GetReflection()->GetUnknownFields(empty)))
          << "Not what protobuf's parser finds in the bytes "
          << absl::BytesToHexString(part);
      ASSERT_NO_FATAL_FAILURE(ExpectToCover(*ours, part));
    }
  }
}

TEST(WireFormatTest, StandsAnyBytes) {
  SKIP_UNLESS_READER_STAYS_INSIDE();
  std::mt19937_64 random(2);
  for (int round = 0; round < 20000; ++round) {
    std::string bytes(random() % 24, '\0');
    for (char& byte : bytes) {
      // Many set top bits and zeros, which is where readers go wrong.
      byte = static_cast<char>(random() | (random() % 2 == 0 ? 0x80 : 0));
      if (random() % 8 == 0) byte = 0;
    }
    absl::StatusOr<std::vector<WireField>> fields = ReadFields(bytes);
    if (fields.ok()) {
      ASSERT_NO_FATAL_FAILURE(ExpectToCover(*fields, bytes));
    }
  }
}

}  // namespace
}  // namespace movies
