// Drives a PVE with go-proxmox, as its users do. Arguments: URL, CA file, token id, token secret, root's password.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/luthermonson/go-proxmox"
)

const (
	poll    = 100 * time.Millisecond
	longest = time.Minute
)

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func life(ctx context.Context, name string, client *proxmox.Client, vmid int) {
	say := func(parts ...any) { fmt.Println(append([]any{name}, parts...)...) }
	finish := func(what string, task *proxmox.Task, err error) {
		must(err)
		must(task.Wait(ctx, poll, longest))
		say(what, task.ExitStatus)
	}

	version, err := client.Version(ctx)
	must(err)
	say("version", version.Release)
	node, err := client.Node(ctx, "pve1")
	must(err)
	template, err := node.VirtualMachine(ctx, 9000)
	must(err)
	_, task, err := template.Clone(ctx, &proxmox.VirtualMachineCloneOptions{NewID: vmid, Name: "by-" + name, Full: true})
	finish("clone", task, err)
	guest, err := node.VirtualMachine(ctx, vmid)
	must(err)
	task, err = guest.Config(ctx, proxmox.VirtualMachineOption{Name: "cores", Value: 4}, proxmox.VirtualMachineOption{Name: "ipconfig0", Value: "ip=dhcp"})
	finish("config", task, err)
	task, err = guest.AddTag(ctx, "go")
	finish("tag", task, err)
	task, err = guest.ResizeDisk(ctx, "scsi0", "+1G")
	finish("resize", task, err)
	task, err = guest.Start(ctx)
	finish("start", task, err)
	must(guest.WaitForAgent(ctx, 30))
	interfaces, err := guest.AgentGetNetworkIFaces(ctx)
	must(err)
	say("interfaces", len(interfaces) > 0)
	task, err = guest.NewSnapshot(ctx, "before")
	finish("snapshot", task, err)
	snapshots, err := guest.Snapshots(ctx)
	must(err)
	say("snapshots", len(snapshots))
	task, err = guest.Stop(ctx)
	finish("stop", task, err)
	must(guest.Ping(ctx))
	say("status", guest.Status, guest.Name, guest.Tags, guest.CPUs)
	task, err = guest.Delete(ctx, nil)
	finish("delete", task, err)
	_, err = node.VirtualMachine(ctx, vmid)
	say("gone", err != nil && strings.Contains(err.Error(), "does not exist"))
}

func main() {
	url, ca, token, secret, password := os.Args[1], os.Args[2], os.Args[3], os.Args[4], os.Args[5]
	ctx, cancel := context.WithTimeout(context.Background(), 2*longest)
	defer cancel()
	trust := proxmox.WithRootCAFile(ca)
	life(ctx, "token", proxmox.NewClient(url+"/api2/json", trust, proxmox.WithAPIToken(token, secret)), 620)
	life(ctx, "login", proxmox.NewClient(url+"/api2/json", trust, proxmox.WithCredentials(&proxmox.Credentials{Username: "root@pam", Password: password})), 621)
}
