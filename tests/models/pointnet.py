"""PointNet: shared 1-d convolutions over points, a learned transform, max over points."""

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.autograd import Variable


class STN(nn.Module):
    def __init__(self, k=3):
        super(STN, self).__init__()
        self.conv1 = torch.nn.Conv1d(k, 8, 1)
        self.conv2 = torch.nn.Conv1d(8, 16, 1)
        self.fc1 = nn.Linear(16, 8)
        self.fc2 = nn.Linear(8, k * k)
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm1d(8), nn.BatchNorm1d(16), nn.BatchNorm1d(8)
        self.k = k

    def forward(self, x):
        batchsize = x.size()[0]
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = torch.max(x, 2, keepdim=True)[0]
        x = x.view(-1, 16)
        x = self.fc2(F.relu(self.bn3(self.fc1(x))))
        eye = np.eye(self.k).flatten().astype(np.float32)
        iden = Variable(torch.from_numpy(eye)).view(1, self.k * self.k).repeat(batchsize, 1)
        x = x + iden
        return x.view(-1, self.k, self.k)


class PointNetCls(nn.Module):
    def __init__(self, k=4):
        super().__init__()
        self.stn = STN(3)
        self.conv = nn.Conv1d(3, 16, 1)
        self.bn = nn.BatchNorm1d(16)
        self.fc1, self.fc2 = nn.Linear(16, 12), nn.Linear(12, k)
        self.dropout = nn.Dropout(p=0.3)
        self.norm = nn.BatchNorm1d(12)

    def forward(self, x):
        trans = self.stn(x)
        x = x.transpose(2, 1)
        x = torch.bmm(x, trans)
        x = x.transpose(2, 1)
        x = F.relu(self.bn(self.conv(x)))
        x = torch.amax(x, dim=2)
        x = F.relu(self.norm(self.dropout(self.fc1(x))))
        return F.log_softmax(self.fc2(x), dim=-1), trans


def feature_transform_regularizer(trans):
    d = trans.size()[1]
    eye = torch.eye(d)[None, :, :]
    return torch.mean(torch.norm(torch.bmm(trans, trans.transpose(2, 1)) - eye, dim=(1, 2)))


def model():
    return PointNetCls()


def batch():
    points = torch.from_numpy(np.random.RandomState(0).rand(8, 3, 20)).float()
    return points, torch.tensor([0, 1, 2, 3, 3, 2, 1, 0])


def loss(net, x, y):
    pred, trans = net(x)
    return F.nll_loss(pred, y) + feature_transform_regularizer(trans) * 0.001


def optimizer(net):
    return torch.optim.Adam(net.parameters(), lr=0.001, betas=(0.9, 0.999), eps=1e-5)
