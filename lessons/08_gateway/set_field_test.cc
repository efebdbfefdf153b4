#include "set_field.h"

#include <string>

#include "absl/status/status.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "support/every_kind/every_kind.pb.h"

namespace movies {
namespace {

using support::EveryKind;
using ::testing::HasSubstr;

// Returns the message with the field set, as text.
std::string Set(absl::string_view path, absl::string_view text) {
  EveryKind message;
  const absl::Status status = SetField(path, text, &message);
  EXPECT_TRUE(status.ok()) << status;
  return message.ShortDebugString();
}

void ExpectRefused(absl::string_view path, absl::string_view text,
                   absl::string_view what) {
  EveryKind message;
  const absl::Status status = SetField(path, text, &message);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument)
      << path << " = " << text << ": " << message.ShortDebugString();
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(path)));
  EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(what)));
}

TEST(SetFieldTest, EveryScalarIsReadFromText) {
  EXPECT_EQ(Set("a_double", "1.5e3"), "a_double: 1500");
  EXPECT_EQ(Set("a_float", "-0.5"), "a_float: -0.5");
  EXPECT_EQ(Set("a_double", "NaN"), "a_double: nan");
  EXPECT_EQ(Set("an_int32", "-7"), "an_int32: -7");
  EXPECT_EQ(Set("an_int64", "9223372036854775807"),
            "an_int64: 9223372036854775807");
  EXPECT_EQ(Set("a_uint64", "18446744073709551615"),
            "a_uint64: 18446744073709551615");
  EXPECT_EQ(Set("a_bool", "true"), "a_bool: true");
  EXPECT_EQ(Set("a_string", "\"x\" \xC3\xA9"),
            "a_string: \"\\\"x\\\" \\303\\251\"");
  EXPECT_EQ(Set("some_bytes", "AAH/"), "some_bytes: \"\\000\\001\\377\"");
}

TEST(SetFieldTest, EnumsAreReadByNameOrNumber) {
  EXPECT_EQ(Set("genre", "GENRE_DRAMA"), "genre: GENRE_DRAMA");
  EXPECT_EQ(Set("genre", "2"), "genre: GENRE_COMEDY");
  ExpectRefused("genre", "DRAMA", "support.Genre");
}

TEST(SetFieldTest, WellKnownTypesAreReadAsInJson) {
  EXPECT_EQ(Set("timestamp", "1970-01-01T00:00:01Z"),
            "timestamp { seconds: 1 }");
  EXPECT_EQ(Set("duration", "1.5s"),
            "duration { seconds: 1 nanos: 500000000 }");
  EXPECT_EQ(Set("mask", "aString,person.born"),
            "mask { paths: \"a_string\" paths: \"person.born\" }");
  EXPECT_EQ(Set("int64_value", "5"), "int64_value { value: 5 }");
  EXPECT_EQ(Set("bool_value", "false"), "bool_value { }");
  EXPECT_EQ(Set("string_value", ""), "string_value { }");
}

TEST(SetFieldTest, FieldsAreNamedAsInTheProtoOrInJson) {
  EXPECT_EQ(Set("person.boss.name", "Ada"),
            "person { boss { name: \"Ada\" } }");
  EXPECT_EQ(Set("aString", "x"), "a_string: \"x\"");
  EXPECT_EQ(Set("otherName", "x"), "renamed: \"x\"");
  EXPECT_EQ(Set("renamed", "x"), "renamed: \"x\"");
}

TEST(SetFieldTest, ARepeatedFieldGetsOneMore) {
  EveryKind message;
  for (const char* number : {"1", "2"}) {
    ASSERT_TRUE(SetField("int32s", number, &message).ok());
  }
  ASSERT_TRUE(SetField("timestamps", "1970-01-01T00:00:01Z", &message).ok());
  EXPECT_EQ(message.ShortDebugString(),
            "int32s: 1 int32s: 2 timestamps { seconds: 1 }");
}

TEST(SetFieldTest, WhatTheFieldHeldIsReplaced) {
  EveryKind message;
  message.set_an_int32(1);
  message.mutable_duration()->set_nanos(5);
  ASSERT_TRUE(SetField("an_int32", "0", &message).ok());
  ASSERT_TRUE(SetField("duration", "1s", &message).ok());
  EXPECT_EQ(message.ShortDebugString(), "duration { seconds: 1 }");
}

TEST(SetFieldTest, TextThatTheFieldCannotBeIsRefused) {
  ExpectRefused("an_int32", "seven", "int32");
  ExpectRefused("an_int32", "", "int32");
  ExpectRefused("an_int32", "2147483648", "2147483648");
  ExpectRefused("a_uint32", "-1", "uint32");
  ExpectRefused("a_bool", "yes", "bool");
  ExpectRefused("bool_value", "1", "BoolValue");
  ExpectRefused("timestamp", "yesterday", "Timestamp");
  ExpectRefused("a_string", "\xff", "string");
}

TEST(SetFieldTest, FieldsThatDoNotExistAreRefused) {
  ExpectRefused("nobody", "x", "support.EveryKind has no \"nobody\"");
  ExpectRefused("person.nobody", "x", "support.Person has no \"nobody\"");
  ExpectRefused("", "x", "has no");
  ExpectRefused("person.", "x", "has no");
  ExpectRefused("a_string.x", "x", "no fields");
  ExpectRefused("persons.name", "x", "several");
}

TEST(SetFieldTest, MessagesAndMapsHaveNoText) {
  ExpectRefused("person", "{}", "message");
  ExpectRefused("counts", "a", "repeated");
  ExpectRefused("any", "x", "message");
  ExpectRefused("struct", "{}", "message");
}

TEST(SetFieldTest, WhatIsOneValueInJsonHasNoPartsInAUrl) {
  ExpectRefused("timestamp.seconds", "1", "timestamp");
  ExpectRefused("value.string_value", "x", "value");
}

TEST(SetFieldTest, APathDeeperThanMessagesMayBeIsRefused) {
  std::string path = "person";
  for (int i = 0; i < 200; ++i) path += ".boss";
  EveryKind message;
  EXPECT_EQ(SetField(path + ".name", "x", &message).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(SetFieldTest, TwoFieldsOfAOneofAreRefused) {
  EveryKind message;
  ASSERT_TRUE(SetField("left", "a", &message).ok());
  const absl::Status status = SetField("chosen.name", "b", &message);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("left"));
  EXPECT_EQ(message.left(), "a");
  EXPECT_TRUE(SetField("left", "again", &message).ok());
}

TEST(SetFieldTest, AnyBytesAreAcceptedOrRefusedWithoutHarm) {
  const std::string fields[] = {"a_double", "genre",    "some_bytes",
                                "mask",     "duration", "timestamp",
                                "value",    "strings"};
  for (int byte = 0; byte < 256; ++byte) {
    for (const std::string& field : fields) {
      EveryKind message;
      const std::string text = {static_cast<char>(byte), '1'};
      const absl::Status status = SetField(field, text, &message);
      EXPECT_TRUE(status.ok() ||
                  status.code() == absl::StatusCode::kInvalidArgument);
    }
  }
}

}  // namespace
}  // namespace movies
