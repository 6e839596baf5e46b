// A Kubernetes API of its own, by Kubernetes' real programs. Usage: kube-apiserver PART ARGUMENTS, where PART is
// `etcd` (ARGUMENTS: a folder; prints its port on the first line), `kube-apiserver` or `kube-controller-manager`
// (ARGUMENTS: the flags of those). Each ends when its standard input does.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"os"

	"go.etcd.io/etcd/server/v3/embed"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
)

func main() {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	os.Args = os.Args[1:]
	switch os.Args[0] {
	case "etcd":
		check(etcd(os.Args[1]))
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(controllers.NewControllerManagerCommand()))
	}
}

func etcd(folder string) error {
	config := embed.NewConfig()
	config.Dir = folder
	config.LogLevel = "error"
	config.UnsafeNoFsync = true
	anyPort := url.URL{Scheme: "http", Host: "127.0.0.1:0"}
	config.ListenPeerUrls, config.ListenClientUrls = []url.URL{anyPort}, []url.URL{anyPort}
	etcd, err := embed.StartEtcd(config)
	if err != nil {
		return err
	}
	<-etcd.Server.ReadyNotify()
	_, port, err := net.SplitHostPort(etcd.Clients[0].Addr().String())
	if err != nil {
		return err
	}
	fmt.Println(port)
	return <-etcd.Err()
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
