// Changes to a message other than a new field: which of them old and new
// programs survive.

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/message.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/json_util.h>

#include <functional>
#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "message_version.h"
#include "movies/v1/movies.pb.h"

namespace movies {
namespace {

namespace pb = ::google::protobuf;
using ::testing::HasSubstr;

// Movie with its descriptor changed.
absl::StatusOr<std::unique_ptr<MessageVersion>> ChangedMovie(
    const std::function<void(pb::DescriptorProto&)>& change) {
  pb::DescriptorProto changed;
  v1::Movie::descriptor()->CopyTo(&changed);
  change(changed);
  return MessageVersion::Make(*v1::Movie::descriptor(), changed);
}

v1::Movie Nosferatu() {
  v1::Movie movie;
  movie.set_mid(5);
  movie.set_movie_name("Nosferatu (1922)");
  movie.set_movie_style("horror");
  return movie;
}

const pb::FieldDescriptor* Field(const pb::Message& message, int number) {
  return message.GetDescriptor()->FindFieldByNumber(number);
}

TEST(SchemaChangeTest, ARenamedFieldKeepsItsBytesAndLosesItsJson) {
  auto version = ChangedMovie([](pb::DescriptorProto& movie) {
    movie.mutable_field(1)->set_name("title");
    movie.mutable_field(1)->clear_json_name();
  });
  ASSERT_TRUE(version.ok()) << version.status();
  std::unique_ptr<pb::Message> renamed = (*version)->New();
  ASSERT_TRUE(renamed->ParseFromString(Nosferatu().SerializeAsString()));
  EXPECT_EQ(renamed->GetReflection()->GetString(*renamed, Field(*renamed, 2)),
            "Nosferatu (1922)");

  std::string json;
  ASSERT_TRUE(pb::util::MessageToJsonString(*renamed, &json).ok());
  EXPECT_THAT(json, HasSubstr("\"title\":"));
  v1::Movie old;
  EXPECT_FALSE(pb::util::JsonStringToMessage(json, &old).ok())
      << "an old program knows no field title";
}

TEST(SchemaChangeTest, ANumberUsedAgainMisreadsOldBytes) {
  auto version = ChangedMovie([](pb::DescriptorProto& movie) {
    movie.mutable_field(3)->set_name("director");  // Field 4 was the style.
    movie.mutable_field(3)->clear_json_name();
  });
  ASSERT_TRUE(version.ok()) << version.status();
  std::unique_ptr<pb::Message> movie = (*version)->New();
  ASSERT_TRUE(movie->ParseFromString(Nosferatu().SerializeAsString()));
  EXPECT_EQ(movie->GetReflection()->GetString(*movie, Field(*movie, 4)),
            "horror")
      << "without any error, the director is horror";
}

TEST(SchemaChangeTest, AnotherWireTypeHidesOldValues) {
  auto version = ChangedMovie([](pb::DescriptorProto& movie) {
    movie.mutable_field(0)->set_type(pb::FieldDescriptorProto::TYPE_STRING);
  });
  ASSERT_TRUE(version.ok()) << version.status();
  std::unique_ptr<pb::Message> movie = (*version)->New();
  ASSERT_TRUE(movie->ParseFromString(Nosferatu().SerializeAsString()));
  EXPECT_EQ(movie->GetReflection()->GetString(*movie, Field(*movie, 1)), "");
  const pb::UnknownFieldSet& unknown =
      movie->GetReflection()->GetUnknownFields(*movie);
  ASSERT_EQ(unknown.field_count(), 1);
  EXPECT_EQ(unknown.field(0).number(), 1);
}

TEST(SchemaChangeTest, Int32MayBecomeInt64) {
  auto version = ChangedMovie([](pb::DescriptorProto& movie) {
    movie.mutable_field(0)->set_type(pb::FieldDescriptorProto::TYPE_INT64);
  });
  ASSERT_TRUE(version.ok()) << version.status();
  v1::Movie below_zero;
  below_zero.set_mid(-5);
  std::unique_ptr<pb::Message> movie = (*version)->New();
  ASSERT_TRUE(movie->ParseFromString(below_zero.SerializeAsString()));
  EXPECT_EQ(movie->GetReflection()->GetInt64(*movie, Field(*movie, 1)), -5);
}

TEST(SchemaChangeTest, ASint32HasTheSameWireTypeAndAnotherMeaning) {
  auto version = ChangedMovie([](pb::DescriptorProto& movie) {
    movie.mutable_field(0)->set_type(pb::FieldDescriptorProto::TYPE_SINT32);
  });
  ASSERT_TRUE(version.ok()) << version.status();
  std::unique_ptr<pb::Message> movie = (*version)->New();
  ASSERT_TRUE(movie->ParseFromString(Nosferatu().SerializeAsString()));
  EXPECT_EQ(movie->GetReflection()->GetInt32(*movie, Field(*movie, 1)), -3)
      << "without any error, ID 5 has become -3";
}

TEST(SchemaChangeTest, AJsonReaderRefusesANewFieldUnlessTold) {
  const std::string json = R"({"mid":5,"releaseYear":1922})";
  v1::Movie movie;
  EXPECT_FALSE(pb::util::JsonStringToMessage(json, &movie).ok());
  pb::util::JsonParseOptions options;
  options.ignore_unknown_fields = true;
  movie.Clear();
  ASSERT_TRUE(pb::util::JsonStringToMessage(json, &movie, options).ok());
  EXPECT_EQ(movie.mid(), 5);
  EXPECT_TRUE(movie.GetReflection()->GetUnknownFields(movie).empty())
      << "ignored is not kept";
}

TEST(MessageVersionTest, RefusesTwoFieldsOfOneNumber) {
  auto version = ChangedMovie([](pb::DescriptorProto& movie) {
    movie.mutable_field(3)->set_number(2);
  });
  ASSERT_EQ(version.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(version.status().message()),
              HasSubstr("already been used"));
}

TEST(MessageVersionTest, RefusesTwoNamesThatAreOneInJson) {
  auto version = ChangedMovie([](pb::DescriptorProto& movie) {
    movie.mutable_field(3)->set_name("movieName");
    movie.mutable_field(3)->clear_json_name();
  });
  EXPECT_EQ(version.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(MessageVersionTest, TakesTheImportsAlong) {
  // api.proto imports type.proto, which imports any.proto.
  const pb::Descriptor* api =
      pb::DescriptorPool::generated_pool()->FindMessageTypeByName(
          "google.protobuf.Api");
  ASSERT_NE(api, nullptr);
  pb::DescriptorProto unchanged;
  api->CopyTo(&unchanged);
  auto version = MessageVersion::Make(*api, unchanged);
  ASSERT_TRUE(version.ok()) << version.status();
  EXPECT_EQ((*version)->New()->GetTypeName(), "google.protobuf.Api");
}

TEST(MessageVersionTest, RefusesANestedMessage) {
  const pb::Descriptor* nested =
      pb::DescriptorProto::ReservedRange::descriptor();
  pb::DescriptorProto unchanged;
  nested->CopyTo(&unchanged);
  EXPECT_EQ(MessageVersion::Make(*nested, unchanged).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace movies
