import java.util.Base64;
import java.util.concurrent.Callable;
import java.util.function.Function;
import org.openapitools.client.*;
import org.openapitools.client.api.*;
import org.openapitools.client.model.*;

/** Over the JDK's HttpClient, which offers HTTP/2 by an upgrade with each request. */
public class Driver {
  static final String SECRET = System.getenv("SECRET");
  static String id = "kms_Unknown1";

  static ApiClient connect(String url, String secret) {
    byte[] pair = ("OPENVIDUAPP:" + secret).getBytes();
    String credentials = "Basic " + Base64.getEncoder().encodeToString(pair);
    ApiClient client = new ApiClient();
    client.updateBaseUri(url);
    return client.setRequestInterceptor(request -> request.header("Authorization", credentials));
  }

  static MediaNodesApi nodes(String variable, String secret) {
    return new MediaNodesApi(connect(System.getenv(variable), secret));
  }

  static <T> void step(String name, Callable<ApiResponse<T>> call, Function<T, Object> show) throws Exception {
    int status;
    Object shown;
    try {
      ApiResponse<T> answer = call.call();
      status = answer.getStatusCode();
      shown = answer.getData() == null ? "" : show.apply(answer.getData());
    } catch (ApiException error) {
      if (error.getResponseBody() == null) throw error;
      status = error.getCode();
      var mapper = new ApiClient().getObjectMapper();
      shown = name.equals("health")
          ? mapper.readValue(error.getResponseBody(), OpenViduHealth.class).getStatus()
          : mapper.readValue(error.getResponseBody(), ErrorBody.class).getMessage();
    }
    System.out.println(name + "\t" + status + "\t" + shown);
  }

  static MediaNodeToAdd at(String uri) {
    return new MediaNodeToAdd().uri(uri);
  }

  static MediaNodePatch patch(RequestableMediaNodeStatus status) {
    return new MediaNodePatch().status(status);
  }

  public static void main(String[] arguments) throws Exception {
    String node = System.getenv("NODE");
    MediaNodesApi api = nodes("URL", SECRET);
    MediaNodeToAdd nothing = new MediaNodeToAdd(); // for null the client sends the JSON value null
    step("list", () -> api.listMediaNodesWithHttpInfo(true, null), MediaNodeList::getNumberOfElements);
    step("list, refused", () -> nodes("URL", "wrong").listMediaNodesWithHttpInfo(null, null), list -> list);
    step("list, broken", () -> nodes("BROKEN", SECRET).listMediaNodesWithHttpInfo(null, null), list -> list);
    step("list, frozen", () -> nodes("FROZEN", SECRET).listMediaNodesWithHttpInfo(null, null), list -> list);
    step("get, unknown", () -> api.getMediaNodeWithHttpInfo(id, null, null), found -> found);
    step("add, nothing", () -> api.addMediaNodeWithHttpInfo(null, nothing), added -> added);
    step("add, malformed", () -> api.addMediaNodeWithHttpInfo(true, at("http://127.0.0.1/")), added -> added);
    step("add, too large", () -> api.addMediaNodeWithHttpInfo(true, at("w".repeat(1 << 20))), added -> added);
    step("add, unreachable", () -> api.addMediaNodeWithHttpInfo(true, at("ws://127.0.0.1:9/kurento")), added -> added);
    step("add, launch fails", () -> nodes("LAUNCHING", SECRET).addMediaNodeWithHttpInfo(true, nothing), added -> added);
    step("add", () -> api.addMediaNodeWithHttpInfo(true, at(node)), added -> {
      id = added.getId();
      return added.getStatus();
    });
    step("add, again", () -> api.addMediaNodeWithHttpInfo(true, at(node)), added -> added);
    step("get", () -> api.getMediaNodeWithHttpInfo(id, true, true), MediaNode::getStatus);
    step("get, later version", () -> nodes("LATER", SECRET).getMediaNodeWithHttpInfo(id, null, null), MediaNode::getId);
    step("patch, forbidden", () -> api.modifyMediaNodeWithHttpInfo(id, patch(RequestableMediaNodeStatus.CANCELED)), changed -> changed);
    step("remove, busy", () -> api.removeMediaNodeWithHttpInfo(id, null, null), none -> none);
    step("patch", () -> api.modifyMediaNodeWithHttpInfo(id, patch(RequestableMediaNodeStatus.WAITING_IDLE_TO_TERMINATE)), MediaNode::getStatus);
    step("patch, back", () -> api.modifyMediaNodeWithHttpInfo(id, patch(RequestableMediaNodeStatus.RUNNING)), MediaNode::getStatus);
    DrainLimit limit = new DrainLimit().deadline(3600).atDeadline(AtDeadline.ABORT);
    step("drain", () -> api.drainMediaNodeWithHttpInfo(id, null, true, null, limit), Drain::getAtDeadline);
    step("drain, get", () -> api.getMediaNodeDrainWithHttpInfo(id), Drain::getStatus);
    step("drain, end", () -> api.endMediaNodeDrainWithHttpInfo(id), none -> none);
    step("remove, later", () -> api.removeMediaNodeWithHttpInfo(id, null, DeletionStrategy.WHEN_NO_SESSIONS), none -> none);
    step("remove", () -> api.removeMediaNodeWithHttpInfo(id, true, DeletionStrategy.NOW), none -> none);
    OpenviduApi later = new OpenviduApi(connect(System.getenv("URL"), SECRET));
    step("health", () -> later.openviduGetHealthWithHttpInfo(), OpenViduHealth::getStatus);
  }
}
