// Command go-peer calls a provider as VirtRigaud's manager does, with gRPC for Go, and prints one JSON line per check.
//
//	go-peer HOST:PORT FOLDER SERVER_NAME
//
// FOLDER holds tls.crt, tls.key and ca.crt. Messages travel as raw bytes, so that no generated code is needed.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	health "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// rawCodec passes message bytes through; it calls itself "proto" since that is what the provider speaks.
type rawCodec struct{}

func (rawCodec) Marshal(v any) ([]byte, error)      { return *(v.(*[]byte)), nil }
func (rawCodec) Unmarshal(data []byte, v any) error { *(v.(*[]byte)) = append([]byte(nil), data...); return nil }
func (rawCodec) Name() string                       { return "proto" }

type result struct {
	Check   string `json:"check"`
	Code    string `json:"code"`
	Message string `json:"message"`
	Answer  []byte `json:"answer"`
}

func report(check string, answer []byte, err error) {
	s := status.Convert(err)
	line, _ := json.Marshal(result{check, s.Code().String(), s.Message(), answer})
	fmt.Println(string(line))
}

func main() {
	address, folder, name := os.Args[1], os.Args[2], os.Args[3]
	conn, err := grpc.NewClient(address, grpc.WithTransportCredentials(mutualTLS(folder, name)))
	if err != nil {
		panic(err)
	}
	defer conn.Close()

	call := func(ctx context.Context, method string, request []byte) ([]byte, error) {
		var answer []byte
		path := "/provider.v1.Provider/" + method
		err := conn.Invoke(ctx, path, &request, &answer, grpc.ForceCodec(rawCodec{}), grpc.WaitForReady(true))
		return answer, err
	}
	within := func(d time.Duration) context.Context {
		ctx, _ := context.WithTimeout(context.Background(), d) //nolint:govet // ends with the process
		return ctx
	}

	answer, err := call(within(30*time.Second), "Validate", nil)
	report("validate", answer, err)

	owner := metadata.AppendToOutgoingContext(within(30*time.Second), "virtrigaud-owner-name", "web")
	answer, err = call(owner, "Describe", []byte("\x0a\x03100"))
	report("owner", answer, err)

	answer, err = call(within(30*time.Second), "HardwareUpgrade", nil)
	report("unimplemented", answer, err)

	answer, err = call(within(1100*time.Millisecond), "Delete", nil)
	report("out of time", answer, err)

	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	answer, err = call(ctx, "Power", nil)
	report("cancelled", answer, err)

	answer, err = call(within(30*time.Second), "Create", make([]byte, 5<<20))
	report("too large", answer, err)

	checkHealth(within(30*time.Second), conn)
	manyAtOnce(func() error { _, err := call(within(30*time.Second), "Validate", nil); return err })
}

func checkHealth(ctx context.Context, conn *grpc.ClientConn) {
	client := health.NewHealthClient(conn)
	for _, service := range []string{"", "provider", "other"} {
		response, err := client.Check(ctx, &health.HealthCheckRequest{Service: service})
		report("health "+service, []byte(response.GetStatus().String()), err)
	}
	watch, err := client.Watch(ctx, &health.HealthCheckRequest{Service: "provider"})
	if err != nil {
		report("watch", nil, err)
		return
	}
	response, err := watch.Recv()
	report("watch", []byte(response.GetStatus().String()), err)
}

func manyAtOnce(call func() error) {
	var wait sync.WaitGroup
	var lock sync.Mutex
	var first error
	for range 500 {
		wait.Go(func() {
			if err := call(); err != nil {
				lock.Lock()
				first = err
				lock.Unlock()
			}
		})
	}
	wait.Wait()
	report("500 at once", nil, first)
}

func mutualTLS(folder, name string) credentials.TransportCredentials {
	own, err := tls.LoadX509KeyPair(filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"))
	if err != nil {
		panic(err)
	}
	ca, err := os.ReadFile(filepath.Join(folder, "ca.crt"))
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca)
	return credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{own},
		RootCAs:      pool,
		ServerName:   name,
		MinVersion:   tls.VersionTLS13,
	})
}
