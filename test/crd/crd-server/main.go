// The server of Kubernetes that serves custom resources, on an etcd of its own, without authentication and on loopback.
// Usage: crd-server FOLDER. Prints its port on the first line; ends when its standard input does.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	generated "k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	namer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/util/openapi"
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	folder := os.Args[1]
	etcd, err := startEtcd(folder)
	check(err)
	defer etcd.Close()
	check(serve(ctx, folder, etcd.Clients[0].Addr().String()))
}

func startEtcd(folder string) (*embed.Etcd, error) {
	config := embed.NewConfig()
	config.Dir = filepath.Join(folder, "etcd")
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	anyPort := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config.ListenPeerUrls, config.ListenClientUrls = []url.URL{anyPort}, []url.URL{anyPort}
	etcd, err := embed.StartEtcd(config)
	if err == nil {
		<-etcd.Server.ReadyNotify()
	}
	return etcd, err
}

func serve(ctx context.Context, folder, etcd string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	o, err := serverOptions(folder, etcd, listener)
	if err != nil {
		return err
	}
	config, err := o.Config()
	if err != nil {
		return err
	}
	definitions := openapi.GetOpenAPIDefinitionsWithoutDisabledFeatures(generated.GetOpenAPIDefinitions)
	config.GenericConfig.OpenAPIConfig = genericapiserver.DefaultOpenAPIConfig(definitions, namer.NewDefinitionNamer(apiserver.Scheme))
	completed := config.Complete()
	// As part of kube-apiserver it leaves the list of groups to others.
	completed.GenericConfig.EnableDiscovery = true
	server, err := completed.New(genericapiserver.NewEmptyDelegate())
	if err != nil {
		return err
	}
	fmt.Println(port)
	return server.GenericAPIServer.PrepareRun().RunWithContext(ctx)
}

func serverOptions(folder, etcd string, listener net.Listener) (*options.CustomResourceDefinitionsServerOptions, error) {
	o := options.NewCustomResourceDefinitionsServerOptions(os.Stdout, os.Stderr)
	recommended := o.RecommendedOptions
	recommended.SecureServing.Listener = listener
	recommended.SecureServing.BindPort = listener.Addr().(*net.TCPAddr).Port
	recommended.SecureServing.ServerCert.CertDirectory = ""
	recommended.Etcd.StorageConfig.Transport.ServerList = []string{"http://" + etcd}
	recommended.Authentication, recommended.Authorization = nil, nil
	recommended.Features.EnablePriorityAndFairness = false
	recommended.Admission.DisablePlugins = []string{"NamespaceLifecycle", "MutatingAdmissionWebhook",
		"ValidatingAdmissionPolicy", "ValidatingAdmissionWebhook"}
	kubeconfig, err := nowhere(folder)
	recommended.CoreAPI.CoreAPIKubeconfigPath = kubeconfig
	if err != nil {
		return nil, err
	}
	return o, o.Complete()
}

// A kubeconfig of a core API that is not there: only conversion webhooks would need it.
func nowhere(folder string) (string, error) {
	path := filepath.Join(folder, "nowhere.kubeconfig")
	text := `apiVersion: v1
kind: Config
current-context: nowhere
clusters: [{name: nowhere, cluster: {server: "http://127.0.0.1:1"}}]
contexts: [{name: nowhere, context: {cluster: nowhere}}]
`
	return path, os.WriteFile(path, []byte(text), 0o600)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
