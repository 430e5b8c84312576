// Package telemetry sends traces to a collector, where the operator asks for them by the usual
// OTEL_* variables. Without one nothing of it runs. Spans carry route patterns, methods, statuses and
// ids of ours: everything else is taken out before it leaves the process.
package telemetry

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// Tracing is on while a collector is named. A nil one does nothing.
type Tracing struct{ provider *sdk.TracerProvider }

// Wanted says whether the environment asks for traces: an OTEL_ variable is set, and none of them
// switches traces off.
func Wanted(environ []string) bool {
	wanted := false
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		switch {
		case !strings.HasPrefix(name, "OTEL_") || value == "":
		case name == "OTEL_SDK_DISABLED" && value == "true", name == "OTEL_TRACES_EXPORTER" && value == "none":
			return false
		default:
			wanted = true
		}
	}
	return wanted
}

// Start begins to trace when environ asks for it, else it returns nil. Where spans go to, how many,
// and under which name is what the OTEL_* variables say (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER,
// OTEL_SERVICE_NAME …); the exporter speaks OTLP over HTTP.
//
// What goes wrong later, such as a collector that is away, is a warning in log.
func Start(ctx context.Context, version string, environ []string, log *slog.Logger) (*Tracing, error) {
	if !Wanted(environ) {
		return nil, nil
	}
	out, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "muster"), attribute.String("service.version", version)), resource.WithFromEnv(), resource.WithTelemetrySDK())
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) { log.Warn("traces", "err", err) }))
	return &Tracing{sdk.NewTracerProvider(sdk.WithBatcher(sieve{out}), sdk.WithResource(about))}, nil
}

// Close sends what is left.
func (t *Tracing) Close(ctx context.Context) error {
	if t == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// Handler makes a span of each request. Who calls Route on the way gives it its name.
func (t *Tracing) Handler(next http.Handler) http.Handler {
	if t == nil {
		return next
	}
	return otelhttp.NewHandler(next, "request", otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithPublicEndpointFn(func(*http.Request) bool { return true })) // a stranger's trace is linked to, not gone on with
}

// Transport makes a span of each request that goes out.
func (t *Tracing) Transport(next http.RoundTripper) http.RoundTripper {
	if t == nil {
		return next
	}
	return otelhttp.NewTransport(next, otelhttp.WithTracerProvider(t.provider), otelhttp.WithPropagators(propagation.NewCompositeTextMapPropagator()))
}

// Route names the span of a request by the pattern of its route, and gives it the request's id.
func Route(ctx context.Context, method, pattern, request string) {
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("http.request.method", method), attribute.String("http.route", pattern), attribute.String("muster.request", request))
}

// allowed says whether an attribute leaves the process. No path, no query, no address, no user agent.
func allowed(k attribute.Key) bool {
	return slices.Contains([]attribute.Key{"http.route", "http.request.method", "http.response.status_code", "muster.request", "url.scheme", "network.protocol.version"}, k)
}

// sieve lets an exporter see spans without what is not allowed.
type sieve struct{ sdk.SpanExporter }

func (s sieve) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	out := make([]sdk.ReadOnlySpan, len(spans))
	for i, span := range spans {
		out[i] = sifted{span}
	}
	return s.SpanExporter.ExportSpans(ctx, out)
}

type sifted struct{ sdk.ReadOnlySpan }

// Name is method and pattern: what a span was called on its way may be less, or more.
func (s sifted) Name() string {
	var method, route string
	for _, a := range s.ReadOnlySpan.Attributes() {
		switch a.Key {
		case "http.request.method":
			method = a.Value.AsString()
		case "http.route":
			route = a.Value.AsString()
		}
	}
	if s.SpanKind() == trace.SpanKindClient {
		route = "provider"
	}
	return method + " " + cmp.Or(route, "none")
}

func (s sifted) Attributes() []attribute.KeyValue {
	return slices.DeleteFunc(slices.Clone(s.ReadOnlySpan.Attributes()), func(a attribute.KeyValue) bool { return !allowed(a.Key) })
}

// Events hold the words of errors and panics.
func (s sifted) Events() []sdk.Event { return nil }

// Status keeps its code; its words may quote anything.
func (s sifted) Status() sdk.Status { return sdk.Status{Code: s.ReadOnlySpan.Status().Code} }
